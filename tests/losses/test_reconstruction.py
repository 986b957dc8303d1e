"""Terms of the reconstruction, by hand and by their gradients."""

import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from losses.reconstruction import gradient_difference, reconstruction, terms_of

RANDOM = np.random.default_rng(0)


def batch(clips, past=True):
    clips = tf.convert_to_tensor(clips, tf.float32)
    return Batch(clips, tf.zeros(len(clips), tf.int32), clips[:, :1] if past else None)


def random(*shape):
    return RANDOM.uniform(-1, 1, shape)


def test_errors_by_hand():
    real, fake = np.zeros([1, 1, 2, 2, 1]), np.array([0.5, -0.5, 0, 2.0]).reshape(1, 1, 2, 2, 1)
    terms = reconstruction({"l1": 1.0, "l2": 3.0, "gdl": 0.0}, batch(real), batch(fake))
    assert {name: value.numpy().tolist() for name, value in terms.items()} == {
        "l1": [3 / 2],  # Divided by the root of four values.
        "l2": [3 * 4.5 / 2],
    }


def test_gradient_difference_by_hand():
    real = np.array([[0.0, 1.0], [0.0, 0.0]]).reshape(1, 1, 2, 2, 1)
    fake = np.array([[0.0, 0.5], [0.0, 0.0]]).reshape(1, 1, 2, 2, 1)
    # Steps of 1 down and across became steps of 0.5.
    found = gradient_difference(*(tf.constant(x, tf.float32) for x in (real, fake)))
    assert found.numpy().tolist() == [1.0]


def test_gradient_difference_does_not_see_levels_and_signs():
    real = tf.constant(random(2, 3, 4, 4, 3), tf.float32)
    for same in (real + 0.5, -real):
        np.testing.assert_allclose(gradient_difference(real, same), 0, atol=1e-4)
    blurred = tf.reduce_mean(real, [2, 3], keepdims=True) * tf.ones_like(real)
    assert (gradient_difference(real, blurred).numpy() > 1).all()


@pytest.mark.parametrize("shape", [(2, 4, 4, 4, 3), (2, 3, 16, 16, 3)])
def test_the_gradient_of_l1_has_the_norm_1_at_every_size(shape):
    reals, fakes = batch(random(*shape)), tf.constant(random(*shape), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(fakes)
        loss = reconstruction({"l1": 1.0}, reals, batch(fakes))["l1"]
    norms = np.linalg.norm(tape.gradient(loss, fakes).numpy().reshape(2, -1), axis=1)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)


def test_clips_without_a_past_follow_from_nothing():
    weights = {"l1": 1.0, "l2": 0.0, "gdl": 2.0}
    terms = reconstruction(weights, *(batch(random(2, 3, 4, 4, 3), past=False) for _ in range(2)))
    assert {name: value.numpy().tolist() for name, value in terms.items()} == {
        "l1": [0, 0],
        "gdl": [0, 0],
    }
    assert terms_of(weights) == ("l1", "gdl")
