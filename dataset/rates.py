"""Frames per second: of sources, and of the data set that is made of them."""

from dataset.readers.files import count_kinds

_ALIKE = 1.01  # ratio up to which rates are the same, such as 29.97 and 30


def rate_key(fps: float) -> str:
    """A rate as it is counted and printed, such as "25" or "29.97"."""
    return f"{round(fps, 2):g}"


def common_rate(rates: dict[str, int]) -> float | None:
    """The rate of most sources; None where no rate is known, or they differ.

    Args:
        rates: {frames per second: number of sources}.
    """
    if not rates or do_differ(rates):
        return None
    return float(max(rates, key=lambda rate: rates[rate]))


def do_differ(rates: dict[str, int]) -> bool:
    """Whether the rates of sources are not about the same."""
    values = [float(rate) for rate in rates]
    return bool(values) and max(values) > _ALIKE * min(values)


def warn_of_rates(rates: dict[str, int]) -> str:
    """A sentence about sources whose rates differ."""
    values = sorted(map(float, rates))
    counts = count_kinds({f"at {rate}": number for rate, number in rates.items()})
    return (
        f"Warning: the sources have {values[0]:g} to {values[-1]:g} frames per second ({counts}), "
        "so that time passes faster in some clips than in others, and the data set is stored "
        "without a rate. `fps` would bring them to one."
    )
