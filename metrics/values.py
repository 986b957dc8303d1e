"""What the measures ask of the values that a network gives for clips, [N, D]: one row a clip."""

import numpy as np

from support.errors import UserError


def checked_sets(least: int, **sets: np.ndarray) -> list[np.ndarray]:
    """The sets as arrays [N, D] of their own types.

    Raises:
        UserError: a set has fewer than `least` clips or values that are not finite, or the sets
            have different numbers of values a clip.
        ValueError: a set is not two-dimensional.
    """
    arrays = {name: np.asarray(values) for name, values in sets.items()}
    for name, values in arrays.items():
        if values.ndim != 2:
            raise ValueError(f"`{name}` should have shape [N, D]. Received: shape={values.shape}")
        check_count(name, len(values), least)
        check_finite(name, values)
    widths = {values.shape[1] for values in arrays.values()}
    if len(widths) > 1:
        raise UserError(
            f"{' and '.join(arrays)} should hold equally many values a clip. "
            f"Received: {' and '.join(str(values.shape[1]) for values in arrays.values())}"
        )
    return list(arrays.values())


def check_count(name: str, count: int, least: int):
    """Raises a `UserError` where the set of this name has fewer than `least` clips."""
    if count < least:
        raise UserError(f"{name} should hold at least {least} clips. Received: {count:.0f}")


def check_finite(name: str, values: np.ndarray):
    """Raises a `UserError` where the set of this name holds NaN or infinity."""
    if not np.isfinite(values).all():
        raise UserError(f"{name} should hold finite values. Received: NaN or infinity")


def check_width(values, expected: int):
    """Raises a `ValueError` where `values` are not [N, expected]."""
    if len(values.shape) != 2 or values.shape[1] != expected:
        raise ValueError(
            f"`values` should have shape [N, {expected}]. Received: shape={tuple(values.shape)}"
        )
