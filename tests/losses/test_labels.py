"""The terms of a label head, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from losses import LOSSES
from losses.labels import LABEL_LOSSES
from losses.loss import Seen
from losses.penalties import at_once
from tests.losses.toys import FixedNoise, LinearCritic, clips

RANDOM = np.random.default_rng(0)
LABELS = np.array([1, -1, 0], np.int32)
REALS, FAKES = RANDOM.standard_normal([2, 3, 5]).astype(np.float32)
KERNEL = RANDOM.standard_normal([5, 4]).astype(np.float32)


class Linear:
    """A critic of two classes."""

    def __init__(self, outputs):
        self.kernel = KERNEL[:, :outputs]

    def classify(self, seen):
        return tf.matmul(seen.values, self.kernel)

    def log_probabilities(self, values):
        logits = values @ self.kernel
        return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def seen():
    return [Seen(tf.constant(values), tf.constant(LABELS)) for values in (REALS, FAKES)]


def test_auxiliary_classifier():
    critic, loss = Linear(2), LABEL_LOSSES["head"]
    real, fake = map(critic.log_probabilities, (REALS, FAKES))
    np.testing.assert_allclose(
        loss.critic_term(critic, *seen()), [-real[0, 1], 0, -real[2, 0]], rtol=1e-5
    )
    np.testing.assert_allclose(
        loss.generator_term(critic, seen()[1]), [-0.1 * fake[0, 1], 0, -0.1 * fake[2, 0]], rtol=1e-5
    )


def test_discriminative_classifier_tells_reals_from_fakes():
    critic, loss = Linear(4), LABEL_LOSSES["adc"]
    real, fake = map(critic.log_probabilities, (REALS, FAKES))
    expected = [-real[0, 1] - fake[0, 3], 0, -real[2, 0] - fake[2, 2]]
    np.testing.assert_allclose(loss.critic_term(critic, *seen()), expected, rtol=1e-5)
    expected = [fake[0, 3] - fake[0, 1], 0, fake[2, 2] - fake[2, 0]]
    found = loss.generator_term(critic, seen()[1]) / loss.weight
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_generator_of_the_best_classifier_minimises_a_divergence():
    """With the classifier of two distributions, the mean term is KL(fakes || reals)."""
    real, fake = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])

    class Best(Linear):
        def classify(self, seen):  # Its values are one-hot places; one class.
            return tf.matmul(seen.values, np.log(np.stack([real, fake], 1)).astype(np.float32))

    places = Seen(tf.eye(3), tf.zeros(3, tf.int32))
    terms = LABEL_LOSSES["adc"].generator_term(Best(2), places)
    mean = float(np.sum(fake * terms)) / LABEL_LOSSES["adc"].weight
    assert mean == pytest.approx(np.sum(fake * np.log(fake / real)), rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_hands_on_what_it_saw(name):
    random, loss = np.random.default_rng(1), LOSSES[name]()
    critic, noise = LinearCritic(random, 12, 5).as_tensors(), FixedNoise(random, 5)
    reals, fakes = clips(random), clips(random)
    real, fake = loss.discriminator_loss(critic, reals, fakes, noise, at_once).seen
    (again,) = loss.generator_loss(critic, reals, fakes).seen
    for batch, found in ((reals, real), (fakes, fake), (fakes, again)):
        np.testing.assert_allclose(found.values, critic.encode(batch).values, rtol=1e-5)
        np.testing.assert_array_equal(found.labels, batch.labels)
