"""What a generator makes clips of."""

from typing import NamedTuple

import tensorflow as tf


class Inputs(NamedTuple):
    """The inputs of a generator."""

    latents: tf.Tensor  # [N, K] float32, drawn from N(0, I)
    # [N] int32, the class of each clip (-1: none), or [N, C] float32, weights of the classes
    labels: tf.Tensor | None = None
    # [N, C, H, W, 3] float32 in [-1, 1], the frames to continue, at the level of the clips
    past: tf.Tensor | None = None
