import numpy as np
import tensorflow as tf

from losses.penalties import between, gradient, norm, squared_norm


def test_between_starts_at_the_real():
    real, fake = tf.constant([[1.0], [1.0]]), tf.constant([[3.0], [3.0]])
    np.testing.assert_allclose(between(real, fake, tf.constant([[0.0], [0.25]])), [[1.0], [1.5]])


def test_gradient_is_differentiable_itself():
    x = tf.constant([[2.0, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = gradient(lambda p: tf.reduce_sum(p**3, -1), x)  # 3 x^2
    np.testing.assert_allclose(slope, [[12.0, 27.0]])
    np.testing.assert_allclose(tape.gradient(slope, x), [[12.0, 18.0]])  # 6 x


def test_norms_by_hand():
    x = tf.constant([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(squared_norm(x), [25.0, 0.0])
    np.testing.assert_allclose(norm(x), [5.0, 0.0], atol=1e-5)


def test_norm_has_a_finite_gradient_at_zero():
    np.testing.assert_array_equal(gradient(norm, tf.zeros([1, 3])), np.zeros([1, 3]))
