"""Curves of a run: losses and sliced Wasserstein distance against kimg."""

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
    known = figure.canvas.get_supported_filetypes()
    if output.suffix[1:].lower() not in known:
        raise UserError(f"--output should end in one of {', '.join(known)}. Received: {output}")
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
    with write_atomically(output) as temporary:
        figure.savefig(temporary, dpi=120)


def _stretches(history):
    """(begin, end, rung, fading) of each run of ticks in one phase; a tick tells where it ended."""
    begin = 0
    for (rung, fading), lines in itertools.groupby(history, lambda x: (x["rung"], x["fading"])):
        end = [line["kimg"] for line in lines][-1]
        yield begin, end, rung, fading
        begin = end
