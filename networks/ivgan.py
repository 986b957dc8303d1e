"""iVGAN's networks: "Improving Video Generation for Multi-functional Applications", 2017.

Kratzwald, Huang, Paudel, Dinesh, Van Gool.
"""

import functools

import keras
import tensorflow as tf

from growth.phase import Lod
from networks.inputs import Inputs
from networks.layers import leaky_relu
from networks.strided import (
    FixedNetwork,
    StridedCritic,
    Style,
    batch_norm,
    double,
    grow_from_vector,
    stages_of,
    widths_of,
)

# He's start with the mean of inputs and outputs.
_start = functools.partial(keras.initializers.VarianceScaling, 2.0, "fan_avg", "uniform")
_norm = functools.partial(batch_norm, epsilon=1e-3, scale=False)


def _layer_norm(name):
    """Over time, space and maps, with a scale and a shift per map."""
    return keras.layers.GroupNormalization(1, epsilon=1e-5, name=name)


class IVGANGenerator(FixedNetwork):
    """Latents to clips by one stack of transposed convolutions.

    Args:
        shape: (frames, height, width) of a clip.
        latent_size: values of a latent.
        maps: feature maps next to the clip.
    """

    def __init__(self, shape: tuple[int, int, int], latent_size: int, maps: int, **kwargs):
        super().__init__(**kwargs)
        frames, height, _ = shape
        stages, of = stages_of(height), Style(_start, _start, _norm)
        first = (frames // 2**stages, 4, 4)
        widths = widths_of(maps, stages)[::-1]
        self.clip = grow_from_vector("clip", latent_size, first, widths, of, matrix=True)
        self.clip_out = double("clip_out", 3, self.clip.output_shape[1:], "tanh", of)
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod | None = None, training: bool = False) -> tf.Tensor:
        """N latents to clips [N, T, H, W, 3] in [-1, 1]."""
        return self.clip_out(self.clip(inputs.latents, training=training))


class IVGANCritic(FixedNetwork):
    """Clips to scores; layers are normalised per clip, so that a gradient penalty is well defined.

    Args:
        shape: (frames, height, width) of a clip.
        maps: feature maps next to the clip.
    """

    def __init__(self, shape: tuple[int, int, int], maps: int, **kwargs):
        super().__init__(**kwargs)
        frames, height, _ = shape
        stages, of = stages_of(height), Style(_start, _start, _layer_norm)
        last = {"kernel_size": 4, "strides": 2, "padding": "same"}
        self.convolutions = StridedCritic(
            (*shape, 3), widths_of(maps, stages), 1, of, last, norm_from=0, name="convolutions"
        )
        values = 4 * -(-frames // 2 ** (stages + 1))
        self.score = keras.layers.Dense(1, kernel_initializer=_start(), name="score")
        self.score.build((None, values))
        self.built = True

    def encode(self, clips: tf.Tensor) -> tf.Tensor:
        """Clips [N, T, H, W, 3] to the values of the last convolution, [N, K]."""
        values = leaky_relu(self.convolutions(clips))
        return tf.reshape(values, [-1, self.score.kernel.shape[0]])

    def call(self, clips: tf.Tensor) -> tf.Tensor:
        """Clips [N, T, H, W, 3] to scores [N]."""
        return self.score(self.encode(clips))[:, 0]
