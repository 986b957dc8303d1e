import numpy as np
import pytest
import tensorflow as tf

from losses.lsgan import LSGAN
from tests.losses.toys import scores_of


@pytest.mark.parametrize(("loss", "triple"), [(LSGAN(), (0, 1, 1)), (LSGAN.pearson(), (-1, 1, 0))])
def test_terms_are_half_squared_distances(loss, triple):
    (a, b, c), real, fake = triple, np.array([2.0, -1.0]), np.array([0.5, 3.0])
    terms, watched, _ = loss.discriminator_loss(*scores_of(real, fake), noise=None)
    assert (*terms, *watched) == LSGAN.critic_terms
    np.testing.assert_allclose(terms["critic"], ((real - b) ** 2 + (fake - a) ** 2) / 2, rtol=1e-6)
    np.testing.assert_allclose(watched["score_gap"], real - fake, rtol=1e-6)
    generator, *_ = loss.generator_loss(*scores_of(real, fake))
    assert tuple(generator) == LSGAN.generator_terms
    np.testing.assert_allclose(generator["generator"], (fake - c) ** 2 / 2, rtol=1e-6)


@pytest.mark.parametrize("loss", [LSGAN(), LSGAN.pearson()])
def test_the_best_score_weighs_b_and_a_by_the_densities(loss):
    p, q = 3, 1  # A clip that is real in three of four cases.
    score = tf.Variable((p * loss.b + q * loss.a) / (p + q))
    with tf.GradientTape() as tape:
        real, fake = scores_of(tf.fill([p], score), tf.fill([p], score))[1:]
        critic = scores_of([], [])[0]
        terms, *_ = loss.discriminator_loss(critic, real, fake, noise=None)
        as_real = tf.square(score - loss.b) / 2
        as_fake = terms["critic"][0] - as_real
        total = p * as_real + q * as_fake
    assert float(tape.gradient(total, score)) == pytest.approx(0, abs=1e-6)
