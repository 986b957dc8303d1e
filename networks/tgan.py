"""TGAN's networks: "Temporal Generative Adversarial Nets with Singular Value Clipping", ICCV 2017.

Saito, Matsumoto, Saito.
"""

import functools
import math

import keras
import tensorflow as tf

from growth.phase import Lod
from networks.conditions import class_weights
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

_norm = functools.partial(batch_norm, epsilon=2e-5)
_he = functools.partial(keras.initializers.VarianceScaling, 2.0, "fan_in", "untruncated_normal")
_WITHOUT_SHIFT = Style(_he, _he, functools.partial(_norm, center=False))
_small = functools.partial(keras.initializers.RandomUniform, -0.01, 0.01)
_OF_IMAGES = Style(_small, _small, _norm, bias=False)


class TGANGenerator(FixedNetwork):
    """Latents to clips: a latent per frame, by convolutions in time, then a picture of each.

    Args:
        shape: (frames, height, width) of a clip; the frames are a power of two.
        latent_size: values of a latent, and of that of a frame.
        maps: twice the feature maps next to the clip.
        classes: C, of the conditional TGAN: both generators are given the class of the clip.
    """

    def __init__(
        self, shape: tuple[int, int, int], latent_size: int, maps: int, classes: int = 0, **kwargs
    ):
        super().__init__(**kwargs)
        self.classes = classes
        frames, height, _ = shape
        stages, doublings = stages_of(height), int(math.log2(frames))
        widths = [max(8 * maps // 2**step, 2 * maps) for step in range(doublings)]
        self.time = grow_from_vector("time", latent_size + classes, (1,), widths, _WITHOUT_SHIFT)
        of_time = self.time.output_shape[1:]
        self.time_out = double("time_out", latent_size, of_time, "tanh", _WITHOUT_SHIFT)
        widths = [max(1, width // 2) for width in widths_of(maps, stages)[::-1]]
        self.of_clip = _to_maps("of_clip", latent_size, widths[0])
        self.of_frame = _to_maps("of_frame", latent_size, widths[0])
        self.of_class: keras.Sequential | None = None
        if classes:
            self.of_class = _to_maps("of_class", classes, widths[0])
        self.image = _pictures(widths, parts=3 if classes else 2)
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod | None = None, training: bool = False) -> tf.Tensor:
        """N latents, and labels if there are classes, to clips [N, T, H, W, 3] in [-1, 1].

        TGAN draws from U(-1, 1), to which the normal distribution function maps N(0, 1).
        """
        latents = tf.math.erf(inputs.latents / math.sqrt(2))
        clip, inputs_in_time = self.of_clip(latents, training=training), latents
        if self.of_class is not None:
            classes = one_hot(inputs.labels, self.classes)
            clip = tf.concat([clip, self.of_class(classes, training=training)], -1)
            inputs_in_time = tf.concat([latents, classes], 1)
        moving = self.time_out(self.time(inputs_in_time, training=training))  # [N, T, K]
        frames = moving.shape[1]
        # A clip's maps are repeated after their normalisation, which repetition does not change.
        clip = tf.repeat(clip, frames, 0)
        frame = self.of_frame(tf.reshape(moving, [-1, moving.shape[2]]), training=training)
        pictures = self.image(tf.concat([clip, frame], -1), training=training)
        return tf.reshape(pictures, [-1, frames, *pictures.shape[1:]])


def one_hot(labels: tf.Tensor, classes: int) -> tf.Tensor:
    """Labels of N clips to [N, C], zeros where a clip has none."""
    return class_weights(labels, classes)[:, :-1]


def tgan_critic(
    shape: tuple[int, int, int], maps: int, classes: int = 0, **kwargs
) -> StridedCritic:
    """Clips [N, *shape, 3 + classes], with a map per class, to scores [N, 1, 1, 1, 1]."""
    frames, height, _ = shape
    stages = stages_of(height)
    last = {"kernel_size": (frames // 2**stages, 4, 4)}
    inputs, widths = (*shape, 3 + classes), widths_of(maps, stages)
    return StridedCritic(inputs, widths, 1, _WITHOUT_SHIFT, last, **kwargs)


def _to_maps(name, size, width):
    """A vector to maps of 4x4; normalised per value, not per map."""
    values = 16 * width
    return keras.Sequential(
        [
            keras.Input((size,)),
            keras.layers.Dense(values, use_bias=False, kernel_initializer=_small(), name=name),
            _norm(f"{name}_norm"),
            keras.layers.ReLU(),
            keras.layers.Reshape((4, 4, width)),
        ],
        name=name,
    )


def _pictures(widths, parts):
    """Maps of 4x4, as many times the first width as there are parts, to pictures."""
    first = (4, 4, parts * widths[0])
    stack = keras.Sequential([keras.Input(first)], name="image")
    for stage, width in enumerate(widths):
        shape = stack.output_shape[1:] if stage else first
        stack.add(double(f"image{stage}", width, shape, "linear", _OF_IMAGES))
        stack.add(_norm(f"image{stage}_norm"))
        stack.add(keras.layers.ReLU())
    start = {"kernel_initializer": _small(), "name": "image_out"}
    stack.add(keras.layers.Conv2D(3, 3, padding="same", activation="tanh", **start))
    return stack
