"""MoCoGAN's networks: "Decomposing Motion and Content for Video Generation", CVPR 2018.

Tulyakov, Liu, Yang, Kautz. Written from the paper and from published facts.
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

VIDEO_FRAMES = 16  # that the video critic sees at once


def _uniform(mode):
    """PyTorch's start of that time: U(-s, s), s = 1 / sqrt(inputs * taps), either way."""
    return functools.partial(keras.initializers.VarianceScaling, 1 / 3, mode, "uniform")


def _norm(name):
    return batch_norm(name, gamma_initializer=keras.initializers.RandomUniform(0.0, 1.0))


_STYLE = Style(_uniform("fan_in"), _uniform("fan_out"), _norm, bias=False)


class MoCoGANGenerator(FixedNetwork):
    """Latents to clips: one content and one category per clip, and a motion code per frame.

    A latent is, in this order: the content, the category (as many numbers as there are categories,
    the largest of which is the clip's), the first state of the motion, and its noise per frame. So
    a longer latent makes a longer clip.

    Args:
        height: of a clip.
        content, motion: values of the content and of a motion code.
        categories: number of categories; 0 for none.
        category_in: "picture" gives the category to the picture of each frame, as the published
            code; "motion" gives it to the recurrent network, as the paper's text.
        maps: feature maps next to the clip.
    """

    def __init__(
        self,
        height: int,
        content: int,
        motion: int,
        categories: int,
        category_in: str,
        maps: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.content, self.motion, self.categories = content, motion, categories
        self.category_in = category_in
        in_motion = category_in == "motion"
        self.recurrent = GRUCell(motion + in_motion * categories, motion, name="recurrent")
        size = content + motion + (not in_motion) * categories
        widths = widths_of(maps, stages_of(height))[::-1]
        self.image = grow_from_vector("image", size, (4, 4), widths, _STYLE)
        self.image_out = double("image_out", 3, self.image.output_shape[1:], "tanh", _STYLE)
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod | None = None, training: bool = False) -> tf.Tensor:
        """N latents to clips [N, T, H, W, 3] in [-1, 1]; labels replace the drawn categories."""
        codes = self.codes(inputs)
        pictures = self.pictures(tf.reshape(codes, [-1, codes.shape[2]]), training)
        return tf.reshape(pictures, [-1, codes.shape[1], *pictures.shape[1:]])

    def codes(self, inputs: Inputs) -> tf.Tensor:
        """The code of each frame, [N, T, C]."""
        latents, categories = inputs.latents, self.one_hot(inputs)
        content, motion = latents[:, : self.content], latents[:, self.content + self.categories :]
        state, *noise = tf.split(motion, motion.shape[1] // self.motion, 1)
        states = []
        for values in noise:
            if self.category_in == "motion":
                values = tf.concat([values, categories], 1)
            state = self.recurrent(values, state)
            states.append(state)
        per_clip = [content] if self.category_in == "motion" else [content, categories]
        constant = tf.concat(per_clip, 1)[:, None]
        return tf.concat([tf.repeat(constant, len(states), 1), tf.stack(states, 1)], 2)

    def one_hot(self, inputs: Inputs) -> tf.Tensor:
        """The categories of the clips, [N, categories]: their labels, or else as drawn."""
        if not self.categories:
            return tf.zeros([tf.shape(inputs.latents)[0], 0])
        scores = inputs.latents[:, self.content : self.content + self.categories]
        drawn = tf.one_hot(tf.argmax(scores, 1), self.categories)
        if inputs.labels is None:
            return drawn
        weights = class_weights(inputs.labels, self.categories)
        return weights[:, :-1] + weights[:, -1:] * drawn

    def pictures(self, codes: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Codes of frames [N, C] to pictures [N, H, W, 3]."""
        return self.image_out(self.image(codes, training=training))


class GRUCell(keras.layers.Layer):
    """A step of a gated recurrent unit, as PyTorch and cuDNN compute it.

    Keras' own has a state of a random number generator, which a file of weights would carry. The
    order of weights is Keras': gates z, r, h, and biases of inputs and of states.
    """

    def __init__(self, inputs: int, units: int, **kwargs):
        super().__init__(**kwargs)
        bound = 1 / math.sqrt(units)

        def add(name, *shape):
            start = keras.initializers.RandomUniform(-bound, bound)
            return self.add_weight(shape, start, name=name)

        self.kernel = add("kernel", inputs, 3 * units)
        self.recurrent_kernel = add("recurrent_kernel", units, 3 * units)
        self.bias = add("bias", 2, 3 * units)
        self.built = True

    def call(self, x: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Values [N, inputs] and the state [N, units] to the next state."""
        from_x = tf.split(tf.matmul(x, self.kernel) + self.bias[0], 3, 1)
        from_state = tf.split(tf.matmul(state, self.recurrent_kernel) + self.bias[1], 3, 1)
        update = tf.sigmoid(from_x[0] + from_state[0])
        reset = tf.sigmoid(from_x[1] + from_state[1])
        new = tf.tanh(from_x[2] + reset * from_state[2])
        return (1 - update) * new + update * state


def image_critic(height: int, maps: int, **kwargs) -> StridedCritic:
    """Pictures [N, H, W, 3] to logits of patches, [N, 4, 4, 1]."""
    widths = widths_of(maps, stages_of(height) - 1)
    last = {"kernel_size": 4, "strides": 2, "padding": "same"}
    return StridedCritic((height, height, 3), widths, 1, _STYLE, last, **kwargs)


def video_critic(height: int, categories: int, maps: int, **kwargs) -> StridedCritic:
    """Clips [N, T, H, W, 3] to [N, T - 15, 1, 1, 1 + categories]: a logit, and one per category.

    Its kernels of 4 frames are not padded in time. It needs 16 frames; each further one adds an
    output.
    """
    stages = stages_of(height)
    last = {"kernel_size": (VIDEO_FRAMES - 3 * stages, 4, 4)}
    shape, widths = (VIDEO_FRAMES, height, height, 3), widths_of(maps, stages)
    return StridedCritic(shape, widths, 1 + categories, _STYLE, last, in_time=False, **kwargs)
