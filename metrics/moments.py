"""Mean and covariance of a stream of values, in float64 and in one pass.

The state is (count, mean, scatter), scatter being the sum of (x - mean)(x - mean)'. Two states
merge without loss, so a stream can be cut into batches, replicas and workers at will, and a large
common offset costs no digits (Chan, Golub and LeVeque 1983, equations 2.1).

    moments = StreamingMoments(4096, name="reals")
    for values in batches:
        moments.update_state(values)
    count, mean, covariance = moments.result()
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from metrics.mergeable import MergeableMetric, State, Values
from metrics.values import check_count, check_finite, check_width


class Moments(NamedTuple):
    """Moments of a set of values, in float64."""

    count: int  # type: ignore[assignment]  # A tuple has a method of this name.
    mean: np.ndarray  # [D]
    covariance: np.ndarray  # [D, D], unbiased: divided by count - 1


class StreamingMoments(MergeableMetric):
    """Keras metric of count, mean and covariance.

    Args:
        num_values: D, values per clip; the state takes 8 D^2 bytes.
        name: of the set, as it appears in messages.
    """

    def __init__(self, num_values: int, name: str = "values"):
        super().__init__(name=name)
        self.num_values = num_values
        self.count = self.add_state((), "float64", "count")
        self.mean = self.add_state((num_values,), "float64", "mean")
        self.scatter = self.add_state((num_values, num_values), "float64", "scatter")

    def update_state(self, values: Values):
        """Adds `values` [N, D] of any real type; N may be 0."""
        check_width(values, self.num_values)
        values = tf.cast(values, tf.float64)
        count = tf.cast(tf.shape(values)[0], tf.float64)
        mean = tf.reduce_sum(values, 0) / tf.maximum(count, 1)
        batch = (count, mean, tf.matmul(values - mean, values - mean, transpose_a=True))
        state = (self.count, self.mean, self.scatter)
        for variable, value in zip(state, self.merge(state, batch), strict=True):
            variable.assign(value)

    def merge(self, a: State, b: State) -> State:
        """Chan's merge of two states (count, mean, scatter)."""
        (count_a, mean_a, scatter_a), (count_b, mean_b, scatter_b) = a, b
        count = count_a + count_b
        share = count_b / tf.maximum(count, 1)
        apart = mean_b - mean_a
        between = count_a * share * apart[:, None] * apart
        return count, mean_a + share * apart, scatter_a + scatter_b + between

    def result(self) -> Moments:
        """The moments of all values seen; for eager code.

        Raises:
            UserError: there were fewer than two clips, or values that are not finite.
        """
        count, mean, scatter = self.state()
        check_count(self.name, int(count), min_clips=2)
        check_finite(self.name, scatter)
        return Moments(int(count), mean, scatter / (count - 1))
