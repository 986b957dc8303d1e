"""Layers against numbers that can be checked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from networks.layers import (
    EqualizedConv3D,
    EqualizedDense,
    leaky_relu,
    minibatch_stddev,
    pixel_norm,
)

FACTORS = [(2, 2, 2), (1, 2, 2), (2, 1, 1)]


def test_leaky_relu_has_slope_a_fifth():
    np.testing.assert_allclose(leaky_relu(tf.constant([-1.0, 0.0, 3.0])), [-0.2, 0.0, 3.0])


def test_pixel_norm_divides_by_the_root_mean_square():
    x = tf.reshape(tf.constant([3.0, 4.0]), [1, 1, 1, 1, 2])
    root = math.sqrt((9 + 16) / 2)
    np.testing.assert_allclose(pixel_norm(x)[0, 0, 0, 0], [3 / root, 4 / root], rtol=1e-6)


def test_minibatch_stddev_takes_consecutive_groups():
    # Group 1 holds 0 and 2 (deviation 1), group 2 holds 5 and 11 (deviation 3).
    x = tf.ones([4, 1, 2, 2, 3]) * tf.reshape([0.0, 2.0, 5.0, 11.0], [4, 1, 1, 1, 1])
    np.testing.assert_allclose(minibatch_stddev(x, group=2), [1, 1, 3, 3], rtol=1e-6)


def test_minibatch_stddev_averages_over_places_and_maps():
    x = np.zeros([2, 1, 1, 2, 2], np.float32)
    x[1, 0, 0, 0, 0] = 4  # Deviation 2 at one of four values.
    np.testing.assert_allclose(minibatch_stddev(tf.constant(x), 2), [0.5, 0.5], rtol=1e-3)


def test_an_extra_map_is_convolved_as_if_it_were_appended():
    conv = EqualizedConv3D(4, 5)
    x = tf.constant(np.random.default_rng(0).standard_normal([2, 3, 4, 4, 3]), tf.float32)
    extra = tf.constant([0.5, -2.0])
    whole = tf.concat([x, tf.ones([2, 3, 4, 4, 1]) * extra[:, None, None, None, None]], -1)
    np.testing.assert_allclose(conv(x, extra), conv(whole), atol=1e-5)


def test_dense_scales_by_gain_over_root_fan_in():
    dense = EqualizedDense(4, (2, 1, 1, 3))
    dense.kernel.assign(np.ones([4, 6]))
    dense.bias.assign([0.0, 1.0, 2.0])
    y = dense(tf.ones([5, 2, 2]))  # Flattened to four values.
    assert y.shape == (5, 2, 1, 1, 3)
    np.testing.assert_allclose(y[0, 1, 0, 0], math.sqrt(2) / 2 * 4 + np.arange(3), rtol=1e-6)


def test_conv_scales_by_gain_over_root_fan_in():
    conv = EqualizedConv3D(2, 1, gain=1.0)
    conv.kernel.assign(np.ones([3, 3, 3, 2, 1]))
    conv.bias.assign([0.5])
    y = conv(tf.ones([1, 3, 3, 3, 2]))[0, ..., 0].numpy()
    np.testing.assert_allclose(y[1, 1, 1], 54 / math.sqrt(54) + 0.5, rtol=1e-6)  # All 27 x 2 taps.
    np.testing.assert_allclose(
        y[0, 0, 0], 16 / math.sqrt(54) + 0.5, rtol=1e-6
    )  # 8 x 2 in a corner.


def test_weights_start_at_unit_variance():
    assert 0.95 < np.std(EqualizedConv3D(16, 32).kernel.numpy()) < 1.05
    assert 0.95 < np.std(EqualizedDense(64, (128,)).kernel.numpy()) < 1.05


@pytest.mark.parametrize("way", ["upscale", "downscale"])
@pytest.mark.parametrize("factors", FACTORS)
def test_fused_equals_plain_in_value_and_in_first_and_second_gradients(factors, way):
    plain = EqualizedConv3D(3, 5, fused=False, **{way: factors})
    fused = EqualizedConv3D(3, 5, fused=True, **{way: factors})
    for variable in plain.variables:
        variable.assign(np.random.default_rng(0).standard_normal(variable.shape))
    fused.set_weights(plain.get_weights())
    x = tf.constant(np.random.default_rng(1).standard_normal([2, 4, 4, 6, 3]), tf.float32)
    for one, other in zip(_derivatives(plain, x), _derivatives(fused, x), strict=True):
        scale = np.abs(one).max()
        np.testing.assert_allclose(one / scale, other / scale, atol=3e-6)


def _derivatives(layer, x):
    """Output, gradient to the input, and the gradient of its square to the kernel."""
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(tf.sin(y))
        slope = inner.gradient(loss, x)
        penalty = tf.reduce_sum(slope**2)
    return [t.numpy() for t in (y, slope, outer.gradient(penalty, layer.kernel.value))]
