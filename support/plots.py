"""Curves of runs: losses, sliced Wasserstein distance and scores against kimg."""

import itertools
from pathlib import Path

from matplotlib.figure import Figure

from support.errors import UserError
from support.files import write_atomically

_FADE = "#dbe6f4"  # background of fades


def plot_curves(history: list[dict], penalties: tuple[str, ...], output: Path):
    """Draws the critic's and the generator's loss, the penalties, and the distance to the reals.

    Args:
        history: a dict a tick with "kimg", "rung", "fading", "critic", "generator", the penalties
            and, at some ticks, "swd" and "swd_floor".
        penalties: names of the critic's other terms.
        output: file with a suffix that matplotlib knows (.png, .pdf, .svg).

    Raises:
        UserError: another suffix.
    """
    panels = {
        "loss": {"critic": "-", "generator": "-"},
        "penalty": dict.fromkeys(penalties, "-"),
        "SWD x 1000": {"swd": "o-", "swd_floor": "k--"},
    }
    figure = Figure((10, 8), layout="constrained")
    axes = figure.subplots(len(panels), sharex=True)
    for axis, (title, terms) in zip(axes, panels.items(), strict=True):
        for term, style in terms.items():
            lines = [line for line in history if term in line]
            kimg, values = ([line[key] for line in lines] for key in ("kimg", term))
            axis.plot(kimg, values, style, label=term, markersize=3, linewidth=1)
        axis.set_ylabel(title)
        axis.legend(loc="upper right")
    for begin, end, rung, fading in _stretches(history):
        if fading:
            for axis in axes:
                axis.axvspan(begin, end, color=_FADE, zorder=0, linewidth=0)
        else:
            axes[0].text(begin, 1.02, rung, transform=axes[0].get_xaxis_transform(), fontsize=8)
    axes[-1].set(xlabel="kimg", xlim=(0, history[-1]["kimg"]))
    _save(figure, output)


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
    known = dict.fromkeys(key for lines in runs.values() for line in lines for key in line)
    measures = [key for key in known if key.endswith(("_score", "_distance"))]
    figure = Figure((8, 1 + 4 * len(measures)), layout="constrained")
    axes = figure.subplots(len(measures), sharex=True, squeeze=False)[:, 0]
    for axis, measure in zip(axes, measures, strict=True):
        for number, (name, lines) in enumerate(runs.items()):
            lines, colour = [line for line in lines if measure in line], f"C{number}"
            kimg = [line["kimg"] for line in lines]
            axis.plot(kimg, [line[measure] for line in lines], "o-", color=colour, label=name)
            for beside in (f"{measure}_reals", f"{measure}_floor"):
                if any(beside in line for line in lines):
                    reals = [line.get(beside) for line in lines]
                    axis.plot(kimg, reals, "--", color=colour, label=f"{name}, reals")
        for number, (method, value) in enumerate(references.get(measure, {}).items()):
            axis.axhline(value, color=f"C{number + len(runs)}", linestyle=":", label=method)
        axis.set_ylabel(measure.replace("_", " "))
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    axes[-1].set(xlabel="kimg")
    _save(figure, output)


def _save(figure, output):
    known = figure.canvas.get_supported_filetypes()
    if output.suffix[1:].lower() not in known:
        raise UserError(f"--output should end in one of {', '.join(known)}. Received: {output}")
    with write_atomically(output) as temporary:
        figure.savefig(temporary, dpi=120)


def _stretches(history):
    """(begin, end, rung, fading) of each run of ticks in one phase; a tick tells where it ended."""
    begin = 0
    for (rung, fading), lines in itertools.groupby(history, lambda x: (x["rung"], x["fading"])):
        end = [line["kimg"] for line in lines][-1]
        yield begin, end, rung, fading
        begin = end
