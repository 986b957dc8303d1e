"""The layers of generator and discriminator. Clips and maps are [N, T, H, W, C].

Weights are drawn from N(0, 1) and scaled at run time by gain / sqrt(fan in), the "equalized
learning rate" of section 4.1.
"""

import math

import keras
import tensorflow as tf

from growth.resample import downscale, upscale

LEAK = 0.2  # of every leaky ReLU, Tables A.1 and A.2
RELU_GAIN = math.sqrt(2)  # keeps the variance through a leaky ReLU


def leaky_relu(x):
    """Leaky ReLU of slope 0.2."""
    return tf.nn.leaky_relu(x, LEAK)


def pixel_norm(x, epsilon=1e-8):
    """a / sqrt(mean over the maps of a^2 + 1e-8), section 4.1; [..., C] -> [..., C]."""
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + epsilon)


def minibatch_stddev(x, group):
    """Appends one map: how much the clips of a group differ, one number a group (Table A.2).

    Args:
        x: [N, T, H, W, C].
        group: clips in a group; groups are consecutive, and N is a multiple of it.

    Returns:
        [N, T, H, W, C + 1].
    """
    _, t, h, w, c = x.shape
    groups = tf.reshape(x, [-1, group, t, h, w, c])  # [MGTHWC] Split minibatch into M groups of G.
    variance = tf.math.reduce_variance(groups, axis=1)  # [MTHWC] Variance over each group.
    stddev = tf.sqrt(variance + 1e-8)  # [MTHWC] Standard deviation over each group.
    stddev = tf.reduce_mean(stddev, axis=[1, 2, 3, 4])  # [M] Mean over places and maps.
    stddev = tf.repeat(stddev, group)[:, None, None, None, None]  # [N1111] One number a clip.
    return tf.concat([x, tf.broadcast_to(stddev, [tf.shape(x)[0], t, h, w, 1])], axis=-1)


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

    def call(self, x):
        x = tf.matmul(tf.reshape(x, [-1, self.kernel.shape[0]]), self.kernel * self.scale)
        return tf.reshape(x, [-1, *self.outputs]) + self.bias


class EqualizedConv3D(keras.layers.Layer):
    """3-D convolution and bias with the equalized learning rate, between two sizes if need be.

    Args:
        inputs, outputs: feature maps.
        size: of the kernel, in time, height and width.
        upscale, downscale: factors (time, height, width) by which nearest upscaling goes before
            the convolution, or a box average after it.
        fused: does the two at once, as one strided convolution: the same function, faster.
        gain: 1 where the output is linear.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int = 3,
        upscale: tuple[int, int, int] = (1, 1, 1),
        downscale: tuple[int, int, int] = (1, 1, 1),
        fused: bool = True,
        gain: float = RELU_GAIN,
        **kwargs,
    ):
        super().__init__(**kwargs)
        shape = (size, size, size, inputs, outputs)
        self.kernel = self.add_weight(shape, _unit_normal(), name="kernel")
        self.bias = self.add_weight((outputs,), "zeros", name="bias")
        self.scale = gain / math.sqrt(size**3 * inputs)  # The fan in is the same fused or not.
        self.upscale, self.downscale, self.fused = upscale, downscale, fused
        self.built = True

    def call(self, x):
        return self._convolve(x, self.kernel * self.scale) + self.bias

    def _convolve(self, x, kernel):
        if self.fused and math.prod(self.upscale) > 1:
            return upscale_conv3d(x, kernel, self.upscale)
        if self.fused and math.prod(self.downscale) > 1:
            return conv3d_downscale(x, kernel, self.downscale)
        return downscale(conv3d(upscale(x, self.upscale), kernel), self.downscale)


def conv3d(x, kernel, strides=(1, 1, 1)):
    """Convolution with zeros beyond the border; `strides` are (time, height, width)."""
    return tf.nn.conv3d(x, kernel, [1, *strides, 1], padding="SAME")


def upscale_conv3d(x, kernel, factors):
    """`conv3d(upscale(x, factors), kernel)` as one transposed convolution of stride `factors`.

    A fine voxel sees its coarse neighbours through sums of kernel taps: the flipped 3x3x3 kernel
    summed over the shifts along each doubled axis, 4 taps there.
    """
    kernel = tf.reverse(kernel, [0, 1, 2])
    for axis, factor in enumerate(factors):
        kernel = _sum_of_shifts(kernel, axis, factor)
    n, t, h, w, _ = tf.unstack(tf.shape(x))
    shape = [n, t * factors[0], h * factors[1], w * factors[2], kernel.shape[-1]]
    kernel = tf.transpose(kernel, [0, 1, 2, 4, 3])  # conv3d_transpose takes outputs first.
    return tf.nn.conv3d_transpose(x, kernel, shape, [1, *factors, 1], padding="SAME")


def conv3d_downscale(x, kernel, factors):
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
