"""Curves of runs: losses, sliced Wasserstein distance and scores against kimg."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from support.curves import measures_of, phase_spans, reals_key
from support.errors import UserError
from support.files import write_atomically

_FADE = "#dbe6f4"  # background of fades
_COLUMNS = 2  # of panels
_DISTANCE = {  # Keys of a history line, and how they are drawn.
    "swd": {"label": "distance of fakes to reals", "marker": "o", "color": "C0"},
    "swd_floor": {"label": "floor: other reals to reals", "linestyle": "--", "color": "black"},
}


def plot_curves(history: list[dict], terms: list[str], output: Path, title: str = ""):
    """Draws a panel per term, and one for the distance to the reals with its floor.

    Args:
        history: a dict per tick, ascending in "kimg", with "rung", "fading", the terms, and at
            some ticks "swd" and "swd_floor".
        terms: names of the terms.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).
        title: of the figure.

    Raises:
        UserError: another suffix.
    """
    panels: dict[str, dict] = {term: {term: {"color": "C0"}} for term in terms}
    if any(key in line for line in history for key in _DISTANCE):
        panels["sliced Wasserstein distance x 1000"] = _DISTANCE
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure((10, 1 + 2.2 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, sharex=True, squeeze=False).flatten()
    for axis, (name, curves) in zip(axes, panels.items(), strict=False):
        _draw_panel(axis, name, curves, history)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    for axis in axes[: len(panels)][-_COLUMNS:]:
        axis.set_xlabel("kimg")
        axis.tick_params(labelbottom=True)
    figure.suptitle(title)
    distance = axes[len(panels) - 1].get_lines() if _DISTANCE in panels.values() else []
    handles = [*distance, Patch(color=_FADE, label="a rung fades in")]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    _save(figure, output)


def _draw_panel(axis, name: str, curves: dict[str, dict[str, Any]], history: list[dict]):
    for key, style in curves.items():
        lines = [line for line in history if key in line]
        kimg, values = ([line[k] for line in lines] for k in ("kimg", key))
        axis.plot(kimg, values, markersize=3, linewidth=1, **style)
    axis.set_title(name, loc="left", pad=16, fontsize=10)
    axis.set_xlim(0, history[-1]["kimg"])
    for begin, end, rung, fading in phase_spans(history):
        if fading:
            axis.axvspan(begin, end, color=_FADE, zorder=0, linewidth=0)
        else:
            axis.text(begin, 1.02, rung, transform=axis.get_xaxis_transform(), fontsize=7)


def plot_scores(runs: dict[str, list[dict]], references: dict[str, dict[str, float]], output: Path):
    """Draws each measure of runs against kimg (figures 8.5 and 8.6 of the thesis).

    Args:
        runs: for each name, one dict per score: "kimg", measures by name, and the values of the
            reals, "<measure>_reals" or "<measure>_floor".
        references: for a measure, published values by method, drawn as lines.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).

    Raises:
        UserError: another suffix.
    """
    measures = measures_of([line for lines in runs.values() for line in lines])
    figure = Figure((10, 1 + 4 * len(measures)), layout="constrained")
    axes = figure.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
    for axis, measure in zip(axes, measures, strict=True):
        for number, (name, lines) in enumerate(runs.items()):
            lines, colour = [line for line in lines if measure in line], f"C{number}"
            kimg = [line["kimg"] for line in lines]
            axis.plot(kimg, [line[measure] for line in lines], "o-", color=colour, label=name)
            if key := reals_key(measure, lines):
                reals = [line.get(key) for line in lines]
                axis.plot(kimg, reals, "--", color=colour, label=f"{name}, reals")
        for number, (method, value) in enumerate(references.get(measure, {}).items()):
            axis.axhline(value, color=f"C{number + len(runs)}", linestyle=":", label=method)
        axis.set_ylabel(measure.replace("_", " "))
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    axes[-1].set(xlabel="kimg")
    _save(figure, output)


def plot_frames(
    methods: dict[str, dict[str, dict]], names: dict[str, str], first: int, output: Path
):
    """Draws each measure against the number of the frame.

    Args:
        methods: for each, {measure: {"frames": a value per frame}}, perhaps with "numbers", those
            of the frames, where they do not follow each other.
        names: of the measures that are drawn.
        first: the number of the first frame.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).

    Raises:
        UserError: another suffix.
    """
    drawn = [key for key in names if any(key in row for row in methods.values())]
    rows = -(-len(drawn) // _COLUMNS)
    figure = Figure((10, 1 + 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).flatten()
    for axis, key in zip(axes, drawn, strict=False):
        for number, (method, row) in enumerate(methods.items()):
            if key in row:
                values = row[key]["frames"]
                frames = row[key].get("numbers") or range(first + 1, first + 1 + len(values))
                axis.plot(frames, values, "o-", markersize=3, color=f"C{number}", label=method)
        axis.set_title(names[key], loc="left", fontsize=10)
        axis.set_xlabel("frame")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(fontsize=8)
    for axis in axes[len(drawn) :]:
        axis.set_visible(False)
    _save(figure, output)


def plot_progress(
    curves: dict[str, list[list[dict]]],
    axis: tuple[str, str],
    measures: dict[str, str],
    references: dict[str, float],
    output: Path,
    title: str = "",
):
    """Draws measures of several systems while they trained, each of its runs as a line.

    Args:
        curves: for each system its runs, each a list of dicts with the measures at a moment.
        axis: the key that is drawn from left to right, and its title.
        measures: a panel for each key, with its title; a distance is drawn logarithmically.
        references: for some measures, the value of real clips.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).
        title: of the figure.

    Raises:
        UserError: another suffix.
    """
    figure = Figure((10, 1 + 3.2 * len(measures)), layout="constrained")
    panels = figure.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
    for panel, (measure, name) in zip(panels, measures.items(), strict=True):
        for number, (system, runs) in enumerate(curves.items()):
            style = {"color": f"C{number % 10}", "linestyle": ("-", "-.")[number // 10 % 2]}
            for index, run in enumerate(runs):
                points = [p for p in run if None not in (p.get(measure), p.get(axis[0]))]
                x, y = ([point[key] for point in points] for key in (axis[0], measure))
                label = None if index else system
                panel.plot(x, y, marker="o", markersize=3, linewidth=1, label=label, **style)
        if measure in references:
            panel.axhline(references[measure], color="black", linestyle="--", label="real clips")
        panel.set_ylabel(name)
        panel.set_yscale("log" if "distance" in name else "linear")
    panels[0].legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    panels[-1].set_xlabel(axis[1])
    figure.suptitle(title)
    _save(figure, output)


def plot_confusion(counts: dict[str, list[list[int]]], names: list[str], output: Path):
    """Draws confusion matrices next to each other: shares of each row, and counts.

    Args:
        counts: for each kind of clips [C][C], rows of the true class.
        names: of the C classes.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).

    Raises:
        UserError: another suffix.
    """
    size = 2 + 0.4 * len(names)
    figure = Figure((1 + size * len(counts), size), layout="constrained")
    axes = figure.subplots(1, len(counts), squeeze=False)[0]
    for axis, (kind, matrix) in zip(axes, counts.items(), strict=True):
        shares = [[value / max(sum(row), 1) for value in row] for row in matrix]
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for y, row in enumerate(matrix):
            for x, count in enumerate(row):
                colour = "white" if shares[y][x] > 0.5 else "black"
                axis.text(x, y, count, ha="center", va="center", fontsize=8, color=colour)
        axis.set_title(kind)
        axis.set_xlabel("classified as")
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
        axis.set_yticks(range(len(names)), names, fontsize=8)
    axes[0].set_ylabel("class")
    _save(figure, output)


def _save(figure, output):
    known = figure.canvas.get_supported_filetypes()
    if output.suffix[1:].lower() not in known:
        raise UserError(f"`output` should end in one of {', '.join(known)}. Received: {output}")
    with write_atomically(output) as temporary:
        figure.savefig(temporary, dpi=120)
