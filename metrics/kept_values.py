"""The values of a set of clips, kept as they are."""

import numpy as np
import tensorflow as tf

from metrics.mergeable import MergeableMetric, State, Values
from metrics.values import check_width
from support.errors import UserError


class KeptValues(MergeableMetric):
    """Keras metric that keeps the first `max_clips` rows of values [N, D] that it sees, as float32.

    Args:
        num_values: D, values per clip; the state takes 4 D max_clips bytes.
        max_clips: maximum number of clips per replica, and after a merge.
        name: of the set, as it appears in messages.
    """

    def __init__(self, num_values: int, max_clips: int, name: str = "values"):
        super().__init__(name=name)
        self.num_values, self.max_clips = num_values, max_clips
        self.count = self.add_state((), "int64", "count")
        self.kept = self.add_state((max_clips, num_values), "float32", "kept")

    def update_state(self, values: Values):
        """Adds `values` [N, D] of any real type."""
        check_width(values, self.num_values)
        values = tf.cast(values, tf.float32)
        begin = tf.minimum(self.count, self.max_clips)
        end = tf.minimum(begin + tf.shape(values, tf.int64)[0], self.max_clips)
        self.kept.value[begin:end].assign(values[: end - begin])
        self.count.assign_add(tf.shape(values, tf.int64)[0])

    def merge(self, a: State, b: State) -> State:
        """The values of `a`, then those of `b`."""
        kept = np.concatenate([kept[:count] for count, kept in (a, b)])[: self.max_clips]
        return a[0] + b[0], np.pad(kept, ((0, self.max_clips - len(kept)), (0, 0)))

    def result(self) -> np.ndarray:
        """All values seen [N, D], those of the first replica first; for eager code.

        Raises:
            UserError: there were more than `max_clips`.
        """
        count, kept = self.state()
        if count > self.max_clips:
            raise UserError(
                f"{self.name} should hold at most {self.max_clips} clips. Received: {count}"
            )
        return kept[:count]
