"""What the curves of a run have in common, wherever they are drawn."""

import itertools
from collections.abc import Iterator

# Keys of a history line by what they measure: fakes, and the reals that they are compared with.
DISTANCES = {
    "sliced Wasserstein distance": ("swd", "swd_floor"),
    "of single frames": ("swd_spatial", "swd_spatial_floor"),
    "of single pixels over time": ("swd_temporal", "swd_temporal_floor"),
    "motion energy": ("motion", "motion_reals"),
}


def phase_spans(history: list[dict]) -> Iterator[tuple[float, float, str, bool]]:
    """(begin, end, rung, fading) of each run of ticks in one phase, in kimg; a tick is at its end.

    Args:
        history: a dict per tick, ascending in "kimg", with "rung" and "fading".
    """
    begin = 0
    for (rung, fading), lines in itertools.groupby(history, lambda x: (x["rung"], x["fading"])):
        end = [line["kimg"] for line in lines][-1]
        yield begin, end, rung, fading
        begin = end


def measures_of(scores: list[dict]) -> list[str]:
    """The names of the measures in lines of scores, such as "inception_score"."""
    keys = dict.fromkeys(key for line in scores for key in line)
    return [key for key in keys if key.endswith(("_score", "_distance"))]


def reals_key(measure: str, scores: list[dict]) -> str | None:
    """The key of the value that reals have by a measure; None where no line has one."""
    known = (f"{measure}_reals", f"{measure}_floor")
    return next((key for key in known if any(key in line for line in scores)), None)
