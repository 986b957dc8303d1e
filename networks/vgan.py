"""VGAN's networks: "Generating Videos with Scene Dynamics", Vondrick et al., NIPS 2016."""

import functools

import keras
import tensorflow as tf

from growth.phase import Lod
from networks.inputs import Inputs
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


def style(epsilon: float) -> Style:
    """Kernels ~ N(0, 0.01) and scales of batch normalisation ~ N(1, 0.02)."""
    normal = keras.initializers.RandomNormal
    start = functools.partial(normal, stddev=0.01)

    def norm(name):
        return batch_norm(name, epsilon=epsilon, gamma_initializer=normal(1.0, 0.02))

    return Style(start, start, norm)


class VGANGenerator(FixedNetwork):
    """Latents to clips: a foreground, and in two streams a still background behind a mask.

    Args:
        shape: (frames, height, width) of a clip.
        latent_size: values of a latent.
        maps: feature maps next to the clip.
        streams: 1 for the foreground alone, 2 for equation 3.1.
    """

    def __init__(
        self, shape: tuple[int, int, int], latent_size: int, maps: int, streams: int, **kwargs
    ):
        super().__init__(**kwargs)
        frames, height, _ = shape
        stages, of = stages_of(height), style(1e-5)
        widths = widths_of(maps, stages)[::-1]
        first = (frames // 2**stages, 4, 4)
        grow = functools.partial(grow_from_vector, size=latent_size, widths=widths, style=of)
        self.foreground = grow("foreground", first=first)
        trunk = self.foreground.output_shape[1:]
        self.colour = double("foreground_colour", 3, trunk, "tanh", of)
        self.masked = streams == 2
        if self.masked:
            self.mask = double("mask", 1, trunk, "sigmoid", of)
            self.background = grow("background", first=(4, 4))
            still = self.background.output_shape[1:]
            self.background_colour = double("background_colour", 3, still, "tanh", of)
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod | None = None, training: bool = False) -> tf.Tensor:
        """N latents to clips [N, T, H, W, 3] in [-1, 1]."""
        return self.streams(inputs, training)["clip"]

    def streams(self, inputs: Inputs, training: bool = False) -> dict[str, tf.Tensor]:
        """The "clip", and in two streams "foreground", "background" and "mask".

        The clip and the foreground are [N, T, H, W, 3], the background is [N, 1, H, W, 3], and the
        mask is [N, T, H, W, 1] in [0, 1].
        """
        maps = self.foreground(inputs.latents, training=training)
        foreground = self.colour(maps)
        if not self.masked:
            return {"clip": foreground}
        mask = self.mask(maps)
        still = self.background(inputs.latents, training=training)
        background = self.background_colour(still)[:, None]
        return {
            "clip": mask * foreground + (1 - mask) * background,  # Equation 3.1.
            "foreground": foreground,
            "background": background,
            "mask": mask,
        }

    def view(self, name: str, inputs: Inputs) -> tf.Tensor:
        """A stream as clips [N, T, H, W, 3] in [-1, 1]; white is where the mask is 1."""
        streams = self.streams(inputs)
        values = 2 * streams[name] - 1 if name == "mask" else streams[name]
        return tf.broadcast_to(values, tf.shape(streams["clip"]))


def vgan_critic(shape: tuple[int, int, int], maps: int, **kwargs) -> StridedCritic:
    """Clips [N, *shape, 3] to two logits [N, 1, 1, 1, 2], of fakes and of reals."""
    frames, height, _ = shape
    stages = stages_of(height)
    last = {"kernel_size": (frames // 2**stages, 4, 4)}
    return StridedCritic((*shape, 3), widths_of(maps, stages), 2, style(1e-3), last, **kwargs)
