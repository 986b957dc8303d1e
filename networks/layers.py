"""The layers of generator and discriminator. Clips and maps are [N, T, H, W, C].

Weights are drawn from N(0, 1) and scaled at run time by gain / sqrt(fan in): the "equalized
learning rate" of ProGAN, which the thesis does not mention.
"""

import math

import keras
import tensorflow as tf

from growth.resample import downscale, upscale

LEAK = 0.2  # of every leaky ReLU, Tables A.1 and A.2
RELU_GAIN = math.sqrt(2)  # keeps the variance through a leaky ReLU


@tf.custom_gradient
def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """Leaky ReLU of slope 0.2.

    Its gradient uses the sign of the output, which is that of the input. So `x` need not be kept,
    and TensorFlow fuses a convolution, its bias and its leaky ReLU into one operation.
    """
    y = tf.nn.leaky_relu(x, LEAK)
    return y, lambda slopes: leaky_relu_gradient(slopes, y)


def leaky_relu_gradient(slopes: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """`slopes` where `y` is positive, and a fifth of them elsewhere; linear in `slopes`."""

    @tf.custom_gradient
    def scale(slopes):
        scaled = tf.raw_ops.LeakyReluGrad(gradients=slopes, features=y, alpha=LEAK)
        return scaled, scale

    return scale(slopes)


@tf.custom_gradient
def add_bias(x: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """`x` [..., C] + `bias` [C]; TensorFlow's own gradient to the bias is slow for few maps."""

    def gradient(slopes):
        places = list(range(slopes.shape.rank - 1))
        return slopes, tf.reduce_sum(at_least_float32(slopes), places)

    return tf.nn.bias_add(x, tf.cast(bias, x.dtype)), gradient


def at_least_float32(x: tf.Tensor) -> tf.Tensor:
    """`x` in float32 if it is bfloat16: statistics and outputs are computed in float32."""
    return tf.cast(x, tf.float32) if x.dtype == tf.bfloat16 else x


def pixel_norm(x: tf.Tensor, epsilon: float = 1e-8) -> tf.Tensor:
    """a / sqrt(mean over the maps of a^2 + 1e-8), section 4.3; [..., C] -> [..., C]."""
    squares = tf.square(at_least_float32(x))
    return x * tf.cast(tf.math.rsqrt(tf.reduce_mean(squares, -1, keepdims=True) + epsilon), x.dtype)


def minibatch_stddev(x: tf.Tensor, group: int) -> tf.Tensor:
    """How much the clips of a group differ, one number per group: the map of Table A.2.

    Args:
        x: [N, T, H, W, C].
        group: clips in a group; groups are consecutive, and N is a multiple of it.

    Returns:
        [N] float32, the same for all clips of a group.
    """
    _, t, h, w, c = x.shape
    groups = tf.reshape(at_least_float32(x), [-1, group, t, h, w, c])  # [MGTHWC] M groups of G.
    variance = tf.math.reduce_variance(groups, axis=1)  # [MTHWC] Variance over each group.
    stddev = tf.sqrt(variance + 1e-8)  # [MTHWC] Standard deviation over each group.
    stddev = tf.reduce_mean(stddev, axis=[1, 2, 3, 4])  # [M] Mean over places and maps.
    return tf.repeat(stddev, group)


def weight_factors(network: keras.Model) -> list[tuple[keras.Variable, float]]:
    """The trainable variables of a network, each with the factor by which its layer multiplies it.

    It is gain / sqrt(fan in) for kernels of equalized layers, and 1 for all others.
    """
    equalized = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, EqualizedDense | EqualizedConv3D)
    ]
    factors = {id(layer.kernel): layer.scale for layer in equalized}
    return [(v, factors.get(id(v), 1.0)) for v in network.trainable_variables]


@keras.saving.register_keras_serializable("progressive_swgan")
class EqualizedDense(keras.layers.Layer):
    """Matrix product and bias, [N, ...] -> [N, *outputs], with the equalized learning rate.

    Args:
        inputs: values of a flattened input.
        outputs: shape of an output; there is one bias for each entry of its last axis.
        gain: 1 where the output is linear.
    """

    def __init__(self, inputs: int, outputs: tuple[int, ...], gain: float = RELU_GAIN, **kwargs):
        super().__init__(**kwargs)
        shape = (inputs, math.prod(outputs))
        self.kernel = self.add_weight(shape, _unit_normal(), name="kernel")
        self.bias = self.add_weight(outputs[-1:], "zeros", name="bias")
        self.scale = gain / math.sqrt(inputs)
        self.outputs = outputs
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[N, ...] to [N, *outputs]."""
        kernel = tf.cast(self.kernel * self.scale, x.dtype)
        x = tf.matmul(tf.reshape(x, [-1, self.kernel.shape[0]]), kernel)
        return tf.reshape(x, [-1, *self.outputs]) + tf.cast(self.bias, x.dtype)


@keras.saving.register_keras_serializable("progressive_swgan")
class EqualizedConv3D(keras.layers.Layer):
    """3-D convolution and bias with the equalized learning rate, between two sizes if need be.

    Args:
        inputs, outputs: feature maps.
        size: of the kernel, in time, height and width; one number for all three.
        upscale, downscale: factors (time, height, width) of the nearest-neighbour upscaling
            before the convolution, or of the box average after it.
        fused: compute both as one strided convolution: the same function, faster.
        gain: 1 where the output is linear.
        start: of the kernel, "normal" or "zeros".
        dtype: "mixed_bfloat16" convolves in bfloat16, and sums gradients to biases in float32.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int | tuple[int, int, int] = 3,
        upscale: tuple[int, int, int] = (1, 1, 1),
        downscale: tuple[int, int, int] = (1, 1, 1),
        fused: bool = True,
        gain: float = RELU_GAIN,
        start: str = "normal",
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        sizes = (size, size, size) if isinstance(size, int) else size
        shape = (*sizes, inputs, outputs)
        first = _unit_normal() if start == "normal" else start
        self.kernel = self.add_weight(shape, first, name="kernel", autocast=False)
        self.bias = self.add_weight((outputs,), "zeros", name="bias", autocast=False)
        self.scale = gain / math.sqrt(
            math.prod(sizes) * inputs
        )  # The fan in is the same fused or not.
        self.upscale, self.downscale, self.fused = upscale, downscale, fused
        self.built = True

    def call(self, x: tf.Tensor, extra: tf.Tensor | None = None) -> tf.Tensor:
        """Convolves `x` [N, T, H, W, inputs].

        Args:
            x: the maps.
            extra: [N], one extra channel, constant over space and time, appended to `x`. It is
                convolved separately because oneDNN is slow for odd channel counts.
        """
        x = tf.cast(x, self.compute_dtype)
        kernel, bias = self.kernel * self.scale, tf.convert_to_tensor(self.bias)
        if extra is None:
            return add_bias(self._convolve(x, kernel), bias)
        kernel, last = tf.split(kernel, [x.shape[-1], 1], axis=-2)
        ones = tf.ones([1, *x.shape[1:-1], 1], extra.dtype)
        places = conv3d(ones, last) * extra[:, None, None, None, None]
        y = self._convolve(x, kernel) + tf.cast(places, x.dtype)
        return add_bias(y, bias)

    def _convolve(self, x, kernel):
        if kernel.shape[:3] == (1, 1, 1):
            return pointwise(x, kernel[0, 0, 0])
        if self.fused and math.prod(self.upscale) > 1:
            return upscale_conv3d(x, kernel, self.upscale)
        if self.fused and math.prod(self.downscale) > 1:
            return conv3d_downscale(x, kernel, self.downscale)
        return downscale(conv3d(upscale(x, self.upscale), kernel), self.downscale)


def pointwise(x: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Convolution with a kernel of one voxel, as a matrix product: [..., C] -> [..., D]."""
    y = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), tf.cast(matrix, x.dtype))
    return tf.reshape(y, [-1, *x.shape[1:-1], y.shape[-1]])


def conv3d(x: tf.Tensor, kernel: tf.Tensor, strides: tuple[int, int, int] = (1, 1, 1)) -> tf.Tensor:
    """Convolution with zeros beyond the border; `strides` are (time, height, width)."""
    return tf.nn.conv3d(x, tf.cast(kernel, x.dtype), [1, *strides, 1], padding="SAME")


def upscale_conv3d(x: tf.Tensor, kernel: tf.Tensor, factors: tuple[int, int, int]) -> tf.Tensor:
    """`conv3d(upscale(x, factors), kernel)` as one transposed convolution of stride `factors`.

    A fine voxel sees its coarse neighbours through sums of kernel taps: the flipped 3x3x3 kernel
    summed over the shifts along each doubled axis, 4 taps there.
    """
    kernel = tf.reverse(kernel, [0, 1, 2])
    for axis, factor in enumerate(factors):
        kernel = _sum_of_shifts(kernel, axis, factor)
    n, t, h, w, _ = tf.unstack(tf.shape(x))
    shape = [n, t * factors[0], h * factors[1], w * factors[2], kernel.shape[-1]]
    kernel = tf.cast(
        tf.transpose(kernel, [0, 1, 2, 4, 3]), x.dtype
    )  # conv3d_transpose takes outputs first.
    return tf.nn.conv3d_transpose(x, kernel, shape, [1, *factors, 1], padding="SAME")


def conv3d_downscale(x: tf.Tensor, kernel: tf.Tensor, factors: tuple[int, int, int]) -> tf.Tensor:
    """`downscale(conv3d(x, kernel), factors)` as one convolution of stride `factors`."""
    for axis, factor in enumerate(factors):
        kernel = _sum_of_shifts(kernel, axis, factor) / factor
    return conv3d(x, kernel, factors)


def _unit_normal():
    return keras.initializers.RandomNormal(stddev=1.0)


def _sum_of_shifts(kernel, axis, factor):
    """[k0, k1, k2] -> [k0, k0 + k1, k1 + k2, k2] along `axis` where `factor` is 2."""
    if factor == 1:
        return kernel
    before = [[1, 0] if a == axis else [0, 0] for a in range(5)]
    after = [[0, 1] if a == axis else [0, 0] for a in range(5)]
    return tf.pad(kernel, before) + tf.pad(kernel, after)
