import keras
import numpy as np
import pytest
import tensorflow as tf

from networks.heads import Orthogonal, ScalarHead, SlicedHead


def _near_identity(matrix):
    return np.abs(matrix.T @ matrix - np.eye(len(matrix))).max()


def test_head_is_equation_5_2():
    head, random = SlicedHead(6), np.random.default_rng(0)
    slopes, bias, y = random.normal(size=6), random.normal(size=6), random.normal(size=[5, 6])
    head.slopes.assign(slopes)
    head.bias.assign(bias)
    expected = []
    for features in y:
        slices = [slopes[i] * (head.theta.numpy()[:, i] @ features) + bias[i] for i in range(6)]
        expected.append(sum(s if s > 0 else 0.2 * s for s in slices) / 6)
    np.testing.assert_allclose(head(tf.constant(y, tf.float32)), expected, rtol=1e-5)


def test_scalar_head_is_leaky_relu_and_dense():
    head = ScalarHead(2)
    head.dense.kernel.assign([[1.0], [2.0]])
    head.dense.bias.assign([0.5])
    np.testing.assert_allclose(
        head(tf.constant([[-5.0, 1.0]])), [(-1 + 2) / np.sqrt(2) + 0.5], rtol=1e-6
    )


def test_parameters():
    assert SlicedHead(128).count_params() == 16_640
    assert ScalarHead(128).count_params() == 129


def test_theta_starts_orthogonal():
    assert _near_identity(SlicedHead(128).theta.numpy()) < 1e-5


@pytest.mark.parametrize("step", [1e-3, 0.05, 1.0])  # The last has singular values of 10.
def test_retraction_is_the_polar_factor(step):
    matrix = np.eye(16) + step * np.random.default_rng(0).standard_normal([16, 16])
    u, _, v = np.linalg.svd(matrix)
    np.testing.assert_allclose(Orthogonal()(tf.constant(matrix)), u @ v, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_retracting_an_orthogonal_matrix_changes_nothing(dtype):
    matrix = np.linalg.qr(np.random.default_rng(0).standard_normal([128, 128]))[0].astype(dtype)
    np.testing.assert_array_equal(Orthogonal()(tf.constant(matrix)), matrix)


def test_theta_stays_orthogonal_under_an_optimizer():
    keras.utils.set_random_seed(0)
    head = SlicedHead(32)
    before = head.theta.numpy()
    adam = keras.optimizers.Adam(2e-3, beta_1=0.0)
    adam.build(head.trainable_variables)
    for step in range(300):
        y = tf.random.stateless_normal([16, 32], [0, step])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(head(y) * y[:, 0])
        adam.apply(tape.gradient(loss, [v.value for v in head.trainable_variables]))
    assert _near_identity(head.theta.numpy()) < 1e-5
    assert np.abs(head.theta.numpy() - before).max() > 0.05  # It did move.
