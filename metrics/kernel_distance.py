"""Kernel distance: unbiased squared maximum mean discrepancy with a cubic kernel.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y),   k(x, y) = (x'y / D + 1)^3

over pairs of different clips of a set, and of both sets (Gretton et al. 2012, equation 3;
Binkowski et al. 2018; of videos, Unterthiner et al. 2018). Its expectation is 0 for sets of one
distribution at any number of clips, so it may be negative.
"""

import numpy as np
import tensorflow as tf

from metrics.mergeable import DistanceMetric, MergeableMetric
from metrics.values import check_width, checked_sets
from support.errors import UserError

_BLOCK = 1024  # clips at a time, as float64: 8 kB a value


class KernelDistance(DistanceMetric):
    """Keras metric of the kernel distance; it keeps all values.

    Args:
        num_values: D, the values of a clip.
        capacity: the most clips that a set may have in a replica, and merged; the state takes
            8 D capacity bytes.
        name: of the metric.
    """

    def __init__(self, num_values: int, capacity: int, name: str = "kernel_distance"):
        reals, fakes = (KeptValues(num_values, capacity, set_) for set_ in ("reals", "fakes"))
        super().__init__(reals, fakes, name)

    def result(self) -> float:
        """The distance of all values seen; for eager code.

        Raises:
            UserError: a set has fewer than two clips or more than its capacity, or values that
                are not finite.
        """
        return kernel_distance(self.reals.result(), self.fakes.result())


class KeptValues(MergeableMetric):
    """Keras metric that keeps the first `capacity` rows of values [N, D] that it sees, as float32.

    Args:
        num_values: D.
        capacity: the most clips.
        name: of the set, as it stands in messages.
    """

    def __init__(self, num_values: int, capacity: int, name: str = "values"):
        super().__init__(name=name)
        self.num_values, self.capacity = num_values, capacity
        self.count = self.add_state((), "int64", "count")
        self.kept = self.add_state((capacity, num_values), "float32", "kept")

    def update_state(self, values):
        """Adds `values` [N, D] of any real type."""
        check_width(values, self.num_values)
        values = tf.cast(values, tf.float32)
        begin = tf.minimum(self.count, self.capacity)
        end = tf.minimum(begin + tf.shape(values, tf.int64)[0], self.capacity)
        self.kept.value[begin:end].assign(values[: end - begin])
        self.count.assign_add(tf.shape(values, tf.int64)[0])

    def merge(self, a, b):
        """The values of `a`, then those of `b`."""
        kept = np.concatenate([kept[:count] for count, kept in (a, b)])[: self.capacity]
        return a[0] + b[0], np.pad(kept, ((0, self.capacity - len(kept)), (0, 0)))

    def result(self) -> np.ndarray:
        """All values seen [N, D], those of the first replica first; for eager code.

        Raises:
            UserError: there were more than `capacity`.
        """
        count, kept = self.state()
        if count > self.capacity:
            raise UserError(
                f"{self.name} should hold at most {self.capacity} clips. Received: {count}"
            )
        return kept[:count]


def kernel_distance(reals: np.ndarray, fakes: np.ndarray, block: int = _BLOCK) -> float:
    """The distance of `reals` [N, D] and `fakes` [M, D], in float64.

    Args:
        reals, fakes: of any real type.
        block: clips of a set that are compared at a time; the result does not depend on it.

    Raises:
        UserError: a set has fewer than two clips or values that are not finite, or the sets have
            different numbers of values a clip.
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
