"""The unit of real data that training sees."""

from typing import NamedTuple

import tensorflow as tf


class Batch(NamedTuple):
    """Clips with their labels; nest-able, so that strategies and fades take it as it is."""

    clips: tf.Tensor  # [N, T, H, W, 3] float32 in [-1, 1]
    labels: tf.Tensor  # [N] int32, -1 where there is none
