"""Stacks of strided convolutions, of which the networks of VGAN, TGAN, MoCoGAN and iVGAN consist.

They make or judge clips of one size. Each stage halves or doubles height and width, between 4x4
and the full picture, with kernels of 4 and strides of 2; feature maps double towards 4x4.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from growth.phase import Lod
from networks.layers import leaky_relu

_CONVS = {2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
_TRANSPOSED = {
    1: keras.layers.Conv1DTranspose,
    2: keras.layers.Conv2DTranspose,
    3: keras.layers.Conv3DTranspose,
}


class Style(NamedTuple):
    """What the layers of one paper's networks have in common.

    Starts are made for each kernel: an initialiser of Keras returns the same values again.
    """

    start: Callable[[], keras.Initializer]  # of the kernel of a convolution
    start_transposed: Callable[[], keras.Initializer]  # of that of a transposed convolution
    norm: Callable[[str], keras.layers.Layer]  # makes a normalisation of this name
    bias: bool = True  # in convolutions that a normalisation follows


class FixedNetwork(keras.Model):
    """A network for clips of one size: all of its layers are always in use."""

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that have weights."""
        return list(_leaves(self))

    def table(self) -> list[tuple[str, tuple[int, ...], int]]:
        """The layers that have weights: (name, C x T x H x W, parameters that are trained)."""
        return [(layer.name, (), _trained(layer)) for layer in _leaves(self)]

    def count_trained(self) -> int:
        """The number of parameters that are trained: all but moving statistics."""
        return _trained(self)


def stages_of(height: int) -> int:
    """How many stages there are between 4x4 and this height."""
    return int(math.log2(height)) - 2


def widths_of(maps: int, stages: int) -> list[int]:
    """Feature maps of the stages, from the one next to the clip to the one at 4x4."""
    return [maps * 2**stage for stage in range(stages)]


def batch_norm(name: str, **settings: Any) -> keras.layers.Layer:
    """Batch normalisation over the clips of all replicas; statistics move as in PyTorch."""
    defaults = {"momentum": 0.9, "epsilon": 1e-5, "synchronized": True}
    return keras.layers.BatchNormalization(name=name, **(defaults | settings))


def grow_from_vector(
    name: str,
    size: int,
    first: tuple[int, ...],
    widths: Sequence[int],
    style: Style,
    matrix: bool = False,
) -> keras.Sequential:
    """A vector to maps, by transposed convolutions, each normalised and with a ReLU.

    Args:
        name: of the stack.
        size: values of the vector, [N, size].
        first: size of the first maps, such as (frames, height, width); it sets the dimensions.
        widths: feature maps of the first maps, and of each doubling after it.
        style: of the paper.
        matrix: make the first maps by a matrix product, with a bias per value and not per map.

    Returns:
        [N, size] to [N, *(2^(len(widths) - 1) * first), widths[-1]].
    """
    stack = keras.Sequential([keras.Input((size,))], name=name)
    if matrix:
        values = math.prod(first) * widths[0]
        stack.add(keras.layers.Dense(values, kernel_initializer=style.start(), name=f"{name}0"))
        stack.add(keras.layers.Reshape((*first, widths[0])))
    else:
        stack.add(keras.layers.Reshape((*[1] * len(first), size)))
    for stage, width in enumerate(widths):
        if stage or not matrix:
            stack.add(
                _TRANSPOSED[len(first)](
                    width,
                    4 if stage else first,
                    strides=2 if stage else 1,
                    padding="same" if stage else "valid",
                    use_bias=style.bias,
                    kernel_initializer=style.start_transposed(),
                    name=f"{name}{stage}",
                )
            )
        stack.add(style.norm(f"{name}{stage}_norm"))
        stack.add(keras.layers.ReLU())
    return stack


def double(
    name: str, maps: int, shape: Sequence[int | None], activation: str, style: Style
) -> keras.layers.Layer:
    """The last stage of a generator: doubles maps of `shape` [*sizes, C], without normalisation."""
    layer = _TRANSPOSED[len(shape) - 1](
        maps,
        4,
        strides=2,
        padding="same",
        activation=activation,
        use_bias=style.bias,
        kernel_initializer=style.start_transposed(),
        name=name,
    )
    layer.build((None, *shape))
    return layer


class StridedCritic(FixedNetwork):
    """Convolutions of stride 2, normalised and with a leaky ReLU, and a last one.

    Args:
        shape: of an input: (height, width, 3) for pictures, (frames, height, width, 3) for clips.
        widths: feature maps of the stages.
        outputs: of the last convolution.
        style: of the paper.
        last: how the last convolution differs, in the words of Keras.
        in_time: stride 2 and kernel 4 in time, as in space. Otherwise time has kernels of 4, stride
            1 and no padding.
        norm_from: first stage that is normalised.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        widths: Sequence[int],
        outputs: int,
        style: Style,
        last: dict[str, Any],
        in_time: bool = True,
        norm_from: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        make, dims, maps = _CONVS[len(shape) - 1], len(shape) - 1, [shape[-1], *widths]
        strides: Any = 2 if in_time else (1, 2, 2)
        self.pad = not in_time
        self.convs = [
            make(
                width,
                4,
                strides=strides,
                padding="same" if in_time else "valid",
                use_bias=style.bias,
                kernel_initializer=style.start(),
                name=f"conv{stage}",
            )
            for stage, width in enumerate(widths)
        ]
        self.norm_from = norm_from
        self.norms = [style.norm(f"norm{stage}") for stage in range(norm_from, len(widths))]
        last = {"padding": "valid", "use_bias": style.bias} | last
        self.last = make(outputs, kernel_initializer=style.start(), name="last", **last)
        inputs = [*maps[:-1], *widths[norm_from:]]
        for layer, width in zip([*self.convs, *self.norms], inputs, strict=True):
            layer.build((None, *[None] * dims, width))
        self.last.build((None, *[None] * dims, maps[-1]))
        self.built = True

    def call(
        self,
        clips: tf.Tensor,
        *,
        training: bool = True,
        before_convolution: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
        before_activation: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    ) -> tf.Tensor:
        """Clips [N, *shape] to outputs [N, ...]; the two functions may add noise to maps."""
        x = clips
        for stage, conv in enumerate(self.convs):
            x = before_convolution(x)
            if self.pad:
                x = tf.pad(x, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
            x = conv(x)
            if stage >= self.norm_from:
                x = self._normalise(self.norms[stage - self.norm_from], x, training)
            x = leaky_relu(before_activation(x))
        return self.last(x)

    def _normalise(self, norm, x, training):
        if isinstance(norm, keras.layers.BatchNormalization):
            return norm(x, training=training)
        return norm(x)


def _leaves(network) -> Iterator[keras.layers.Layer]:
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif layer.weights:
            yield layer


def _trained(layer) -> int:
    return sum(math.prod(weight.shape) for weight in layer.trainable_weights)
