"""The past as a condition of the generator: the given first frames of a clip, at every rung.

A rung with T of the full clip's F frames is given the first floor(C T / F) frames for C of the full
clip: the coarse frames that show nothing of the future.
"""

import keras
import numpy as np
import tensorflow as tf

from growth.ladder import Ladder, Rung
from growth.resample import downscale
from networks.layers import EqualizedConv3D


def at_all_levels(past: tf.Tensor | None, ladder: Ladder, level: int) -> list[tf.Tensor | None]:
    """The past [N, C, H, W, 3] of a level, at all levels up to it; None where nothing is given."""
    pasts = [past]
    for i in range(level, 0, -1):
        factors = ladder.factors(i)
        count = 0 if past is None else past.shape[1] // factors[0] * factors[0]
        past = None if past is None or not count else downscale(past[:, :count], factors)
        pasts.insert(0, past)
    return pasts


@keras.saving.register_keras_serializable("progressive_swgan")
class PastFrames(keras.layers.Layer):
    """Past frames in their places, zeros after them, and a mask, by a 1x1x1 convolution.

    A later frame sees the past only through the convolutions of the network.

    Args:
        past: frames that are given, C.
        rung: size of the maps.
    """

    def __init__(self, past: int, rung: Rung, **kwargs):
        super().__init__(autocast=False, **kwargs)
        dtype = self.dtype_policy
        self.conv = EqualizedConv3D(4, rung.feature_maps, size=1, dtype=dtype, name="conv")
        self.later = rung.frames - past
        self.built = True

    def call(self, past: tf.Tensor) -> tf.Tensor:
        """Past [N, C, H, W, 3] to maps [N, T, H, W, rung.feature_maps]."""
        with_mask = tf.concat([past, tf.ones_like(past[..., :1])], -1)
        return self.conv(tf.pad(with_mask, [[0, 0], [0, self.later], [0, 0], [0, 0], [0, 0]]))


@keras.saving.register_keras_serializable("progressive_swgan")
class PastMotion(keras.layers.Layer):
    """All past frames at every frame: maps of the last one, and what they change by over time.

    A 1x3x3 convolution of the C frames, as 3 C colours, makes both. At frame t, counted from 0, the
    result is a + (t - C + 1) / (T - C) b: a at the last frame of the past, and a + b at the end.

    Args:
        past: frames that are given, C.
        rung: size of the maps.
    """

    def __init__(self, past: int, rung: Rung, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.conv = EqualizedConv3D(
            *(3 * past, 2 * rung.feature_maps, (1, 3, 3)), dtype=self.dtype_policy, name="conv"
        )
        times = np.arange(rung.frames) - past + 1
        self.times = (times / (rung.frames - past)).astype(np.float32)[:, None, None, None]
        self.built = True

    def call(self, past: tf.Tensor) -> tf.Tensor:
        """Past [N, C, H, W, 3] to maps [N, T, H, W, rung.feature_maps]."""
        colours = tf.concat(tf.unstack(past, axis=1), -1)[:, None]  # [N1HW(C3)]
        last, change = tf.split(self.conv(colours), 2, -1)
        return last + tf.cast(self.times, change.dtype) * change


ENCODERS: dict[str, type[keras.layers.Layer]] = {"frames": PastFrames, "motion": PastMotion}
