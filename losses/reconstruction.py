"""What draws a predicted clip to the one that followed: L1, L2 and the gradient difference loss.

Each is a sum over the P values of the predicted frames, divided by sqrt(P). So the gradient of the
L1 term has the norm 1 at every rung, which is about that of a critic of WGAN-GP, and a weight means
the same for clips of any size: a mean |error| with the weight sqrt(P).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from support.deferred import tf

if TYPE_CHECKING:
    from dataset.batch import Batch


def gradient_difference(reals: tf.Tensor, fakes: tf.Tensor) -> tf.Tensor:
    """The sum over neighbours of | |step of the real| - |step of the fake| |, for each clip.

    Steps are between neighbouring pixels, down and across. This is the gradient difference loss
    with alpha = 1 of "Deep multi-scale video prediction beyond mean square error" (Mathieu,
    Couprie, LeCun, 2016).

    Args:
        reals, fakes: [N, T, H, W, C].

    Returns:
        [N].
    """
    total = tf.constant(0.0)
    for axis in (2, 3):
        real, fake = (tf.abs(_steps(clips, axis)) for clips in (reals, fakes))
        total += _sum(tf.abs(real - fake))
    return total


_ERRORS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "l1": lambda reals, fakes: _sum(tf.abs(fakes - reals)),
    "l2": lambda reals, fakes: _sum(tf.square(fakes - reals)),
    "gdl": gradient_difference,
}


def terms_of(weights: Mapping[str, float]) -> tuple[str, ...]:
    """The names of the terms whose weights are not 0."""
    return tuple(name for name, weight in weights.items() if weight > 0)


def reconstruction(
    weights: Mapping[str, float], reals: Batch, fakes: Batch
) -> dict[str, tf.Tensor]:
    """The terms [N] of predicted clips, paired with those that followed.

    Clips that were given no past have nothing to follow from, and their terms are 0.

    Args:
        weights: of "l1", "l2" and "gdl"; those of 0 are left out.
        reals, fakes: N clips each, with the same past.
    """
    if reals.past is None:
        return {name: tf.zeros(tf.shape(reals.labels)) for name in terms_of(weights)}
    scale = 1 / math.sqrt(math.prod(fakes.clips.shape[1:]))
    return {
        name: weights[name] * scale * _ERRORS[name](reals.clips, fakes.clips)
        for name in terms_of(weights)
    }


def _steps(clips, axis):
    before, after = ([slice(None)] * 5 for _ in range(2))
    before[axis], after[axis] = slice(-1), slice(1, None)
    return clips[tuple(after)] - clips[tuple(before)]


def _sum(errors):
    """[N, ...] -> [N]"""
    return tf.reduce_sum(errors, list(range(1, errors.shape.rank)))
