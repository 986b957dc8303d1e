"""Kernel distance: unbiased squared maximum mean discrepancy with a cubic kernel.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y),   k(x, y) = (x'y / D + 1)^3

over pairs of different clips of a set, and of both sets (Gretton et al. 2012, equation 3;
Binkowski et al. 2018; of videos, Unterthiner et al. 2018). Its expectation is 0 for sets of one
distribution at any number of clips, so it may be negative.
"""

import numpy as np

from metrics.kept_values import KeptValues
from metrics.mergeable import DistanceMetric
from metrics.values import checked_sets

_BLOCK = 1024  # clips at a time, as float64: 8 kB per value


class KernelDistance(DistanceMetric):
    """Keras metric of the kernel distance; it keeps all values.

    Args:
        num_values: D, values per clip.
        max_clips: maximum number of clips per set; the state takes 8 D max_clips bytes.
        name: of the metric.
    """

    def __init__(self, num_values: int, max_clips: int, name: str = "kernel_distance"):
        reals, fakes = (KeptValues(num_values, max_clips, set_) for set_ in ("reals", "fakes"))
        super().__init__(reals, fakes, name)

    def result(self) -> float:
        """The distance of all values seen; for eager code.

        Raises:
            UserError: a set has fewer than two clips or more than `max_clips`, or values that
                are not finite.
        """
        return kernel_from_values(self.reals.result(), self.fakes.result())


def kernel_from_values(reals: np.ndarray, fakes: np.ndarray, block: int = _BLOCK) -> float:
    """The distance of `reals` [N, D] and `fakes` [M, D], in float64.

    Args:
        reals, fakes: of any real type.
        block: clips of a set that are compared at a time; the result does not depend on it.

    Raises:
        UserError: a set has fewer than two clips or values that are not finite, or the sets have
            different numbers of values per clip.
    """
    reals, fakes = checked_sets(2, reals=reals, fakes=fakes)
    within = sum(_mean_of_different(values, block) for values in (reals, fakes))
    return within - 2 * _kernel_sum(reals, fakes, block) / (len(reals) * len(fakes))


def _mean_of_different(values, block):
    """Mean kernel over the pairs of different rows of `values`."""
    count, size = values.shape
    same = sum(_kernel(np.square(part).sum(1), size).sum() for part in _blocks(values, block))
    return float(_kernel_sum(values, values, block) - same) / (count * (count - 1))


def _kernel_sum(a, b, block):
    """Sum of the kernel over all pairs of a row of `a` and a row of `b`."""
    size = a.shape[1]
    sums = (_kernel(x @ y.T, size).sum() for x in _blocks(a, block) for y in _blocks(b, block))
    return float(sum(sums))


def _kernel(products, size):
    return (products / size + 1) ** 3


def _blocks(values, size):
    for begin in range(0, len(values), size):
        yield np.asarray(values[begin : begin + size], np.float64)
