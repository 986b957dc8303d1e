"""Validation of feature arrays [N, D], one row per clip."""

import numpy as np
import tensorflow as tf

from support.errors import UserError


def checked_sets(min_clips: int, **sets: np.ndarray) -> list[np.ndarray]:
    """The sets as arrays [N, D] with their own dtypes.

    Raises:
        UserError: a set has fewer than `min_clips` clips or values that are not finite, or the sets
            have different numbers of values per clip.
        ValueError: a set is not two-dimensional.
    """
    arrays = {name: np.asarray(values) for name, values in sets.items()}
    for name, values in arrays.items():
        if values.ndim != 2:
            raise ValueError(f"`{name}` should have shape [N, D]. Received: shape={values.shape}")
        check_count(name, len(values), min_clips)
        check_finite(name, values)
    widths = {values.shape[1] for values in arrays.values()}
    if len(widths) > 1:
        raise UserError(
            f"{' and '.join(arrays)} should hold the same number of values per clip. "
            f"Received: {' and '.join(str(values.shape[1]) for values in arrays.values())}"
        )
    return list(arrays.values())


def check_count(name: str, count: int, min_clips: int):
    """Raises a `UserError` where the set of this name has fewer than `min_clips` clips."""
    if count < min_clips:
        raise UserError(f"{name} should hold at least {min_clips} clips. Received: {count:.0f}")


def check_finite(name: str, values: np.ndarray):
    """Raises a `UserError` where the set of this name holds NaN or infinity."""
    if not np.isfinite(values).all():
        raise UserError(f"{name} should hold finite values. Received: NaN or infinity")


def check_width(values: tf.Tensor | np.ndarray, expected: int):
    """Raises a `ValueError` where `values` are not [N, expected]."""
    if len(values.shape) != 2 or values.shape[1] != expected:
        raise ValueError(
            f"`values` should have shape [N, {expected}]. Received: shape={tuple(values.shape)}"
        )
