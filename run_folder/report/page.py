"""Writes the page of one or several runs: a folder with index.html, its clips, and Plotly."""

import importlib.resources
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from run_folder.report import (
    card,
    data_set,
    faults,
    growth,
    interpolation,
    memorisation,
    reproduce,
    samples,
    settings,
    state,
)
from run_folder.report.charts import References, make_charts, make_phases
from run_folder.report.clips import Clips
from run_folder.report.comparison import compare
from run_folder.report.run import Run, name_runs
from support.errors import UserError
from support.files import is_vacant, write_atomically
from support.pages import page_environment

PAGE, PLOTLY = "index.html", "plotly.min.js"
_TEMPLATES = Path(__file__).parent / "templates"
# Sections that each run has, in order: before the curves of all runs, and after them.
_BEFORE = {state: "State", samples: "Newest samples", growth: "Growth"}
_AFTER = {
    interpolation: "Interpolation",
    memorisation: "Memorisation",
    card: "Model card",
    settings: "Settings",
    data_set: "Data set",
    faults: "Faults",
    reproduce: "Reproduce",
}


def write_report(runs: Sequence[Run], folder: Path, references: References | None = None) -> Path:
    """Writes the page, or brings one up to date.

    Args:
        runs: one, or several to compare.
        folder: of the page.
        references: published scores by config, measure and method.

    Returns:
        The path of the page.

    Raises:
        UserError: the folder holds something else, or a clip of a run is damaged.
    """
    folder = Path(folder)
    if not is_vacant(folder) and not (folder / PLOTLY).is_file():
        raise UserError(
            f"Cannot write a report to {folder}: it holds something else. Use another folder."
        )
    _write_plotly(folder / PLOTLY)  # First: it marks the folder as ours.
    clips, names = Clips(folder / "clips", len(runs)), name_runs(list(runs))
    environment = page_environment(_TEMPLATES)
    page = environment.get_template("page.html").render(
        names=names,
        time=runs[0].time.isoformat(sep=" ", timespec="seconds"),
        comparison=compare(runs) if len(runs) > 1 else [],
        before=list(_sections(environment, _BEFORE, runs, names, clips)),
        charts={
            "charts": make_charts(runs, names, references or {}),
            "phases": make_phases(runs[0]),
        },
        after=list(_sections(environment, _AFTER, runs, names, clips)),
        plotly=PLOTLY,
    )
    with write_atomically(folder / PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")
    clips.tidy()
    return folder / PAGE


def _sections(environment, titles, runs, names, clips):
    """Yields the sections that a run has, with a block of HTML for each run that has them."""
    for module, title in titles.items():
        section = module.__name__.rpartition(".")[2]
        template, blocks = environment.get_template(f"{section}.html"), []
        for run, name in zip(runs, names, strict=True):
            content = module.describe(run, clips)
            if content is not None:
                blocks.append((name, Markup(template.render(content))))
        if blocks:
            yield {"id": section, "title": title, "blocks": blocks}


def _write_plotly(path):
    """Copies the library that draws the charts, unless the same file is there."""
    source = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    content = source.read_bytes()
    if not path.is_file() or path.stat().st_size != len(content):
        with write_atomically(path) as temporary:
            temporary.write_bytes(content)
