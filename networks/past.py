"""The past as a condition of the generator: the given first frames of a clip, at every rung.

A rung with T of the full clip's F frames is given the first floor(C T / F) frames for C of the full
clip: the coarse frames that show nothing of the future.
"""

import keras
import tensorflow as tf

from growth.ladder import Ladder, Rung
from growth.resample import downscale
from networks.layers import EqualizedConv3D, leaky_relu


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
    """All past frames at once, as 3 C colours, to maps of each frame.

    Two convolutions, 1x5x5 and 1x3x3, with a leaky ReLU between them. The second one has kernels of
    its own for each of the T frames, so that what moves can be drawn where it will be.

    Args:
        past: frames that are given, C.
        rung: size of the maps.
    """

    def __init__(self, past: int, rung: Rung, **kwargs):
        super().__init__(autocast=False, **kwargs)
        dtype, maps = self.dtype_policy, rung.feature_maps
        self.conv0 = EqualizedConv3D(3 * past, 2 * maps, (1, 5, 5), dtype=dtype, name="conv0")
        self.conv1 = EqualizedConv3D(
            2 * maps, rung.frames * maps, (1, 3, 3), dtype=dtype, name="conv1"
        )
        self.frames = rung.frames
        self.built = True

    def call(self, past: tf.Tensor) -> tf.Tensor:
        """Past [N, C, H, W, 3] to maps [N, T, H, W, rung.feature_maps]."""
        colours = tf.concat(tf.unstack(past, axis=1), -1)[:, None]  # [N1HW(C3)]
        maps = self.conv1(leaky_relu(self.conv0(colours)))  # [N1HW(TM)]
        return tf.stack(tf.split(maps[:, 0], self.frames, -1), 1)  # [NTHWM]


ENCODERS: dict[str, type[keras.layers.Layer]] = {"frames": PastFrames, "motion": PastMotion}
