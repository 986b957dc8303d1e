"""The sliced Wasserstein loss against NumPy, on a critic whose derivatives are known."""

import numpy as np
import pytest
import tensorflow as tf

from losses.swgan import SWGAN
from tests.losses.toys import FixedNoise, LinearCritic, clips
from training.noise import Noise

K = 4


@pytest.fixture
def setting():
    random = np.random.default_rng(0)
    critic = LinearCritic(random, values=12, features=K)
    reals, fakes = clips(random), clips(random)
    return critic, reals, fakes, FixedNoise(random, K)


def test_critic_term_is_the_score_of_fakes_less_that_of_reals(setting):
    critic, reals, fakes, noise = setting
    terms, watched, _ = SWGAN().discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    assert (*terms, *watched) == SWGAN.critic_terms
    expected = critic.score_of(fakes) - critic.score_of(reals)
    np.testing.assert_allclose(terms["critic"], expected, rtol=1e-5)
    np.testing.assert_allclose(watched["score_gap"], -expected, rtol=1e-5)


def test_generator_minimises_the_negated_score(setting):
    critic, reals, fakes, _ = setting
    terms, *_ = SWGAN().generator_loss(critic.as_tensors(), reals, fakes)
    assert tuple(terms) == SWGAN.generator_terms
    np.testing.assert_allclose(terms["generator"], -critic.score_of(fakes), rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "weight"), [(SWGAN(gradient_of="encoder"), 10 / K), (SWGAN.literal(), 10.0)]
)
def test_gradient_penalty_is_of_the_encoder(setting, loss, weight):
    critic, reals, fakes, noise = setting
    terms, *_ = loss.discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    # The encoder is A x, whose Jacobian is A; the estimate is ||A'v||^2.
    expected = weight * np.sum((noise.direction @ critic.A.T) ** 2, -1)
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-5)


def test_estimate_of_the_frobenius_norm_is_without_bias():
    num, random = 100_000, np.random.default_rng(1)
    critic = LinearCritic(random, values=12, features=K)
    reals, fakes = clips(random, num), clips(random, num)
    noise = Noise(0, tf.constant(0, tf.int64), 0, num, 0, num)
    terms, *_ = SWGAN.literal().discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    np.testing.assert_allclose(
        np.mean(terms["gradient_penalty"]), 10 * np.sum(critic.A**2), rtol=0.02
    )


def test_released_constants():
    loss = SWGAN.released()
    assert (loss.gradient_weight, loss.projection_weight, loss.projection_norm) == (50, 10, 0.01)


@pytest.mark.parametrize(("loss", "weight"), [(SWGAN(), 10), (SWGAN.released(), 50)])
def test_gradient_penalty_is_of_the_score(setting, loss, weight):
    critic, reals, fakes, noise = setting
    terms, *_ = loss.discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    middle = noise.between(reals, fakes)
    slopes = critic.slope_of_head(critic.encode_of(middle)) @ critic.A.T
    np.testing.assert_allclose(terms["gradient_penalty"], weight * np.sum(slopes**2, -1), rtol=1e-4)


@pytest.mark.parametrize(("loss", "k"), [(SWGAN(), K**-0.5), (SWGAN.literal(), 0.01)])
def test_projection_penalty_is_the_true_gradient_of_the_head(setting, loss, k):
    critic, reals, fakes, noise = setting
    terms, *_ = loss.discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    middle = noise.between(critic.encode_of(reals), critic.encode_of(fakes), axes=1)
    norms = np.linalg.norm(critic.slope_of_head(middle), axis=-1)
    np.testing.assert_allclose(terms["projection_penalty"], 10 * (norms - k) ** 2, rtol=1e-3)


def test_slope_of_head_is_right():
    critic = LinearCritic(np.random.default_rng(2), values=12, features=K)
    y, h = np.random.default_rng(3).normal(size=[1, K]), 1e-6
    steps = [critic.head(y + h * e) - critic.head(y - h * e) for e in np.eye(K)]
    np.testing.assert_allclose(critic.slope_of_head(y)[0], np.ravel(steps) / (2 * h), rtol=1e-5)


def test_points_between_features_carry_no_gradient_to_the_encoder(setting):
    critic, reals, fakes, noise = setting
    tensors = critic.as_tensors()
    with tf.GradientTape() as tape:
        tape.watch(tensors.A)
        terms, *_ = SWGAN().discriminator_loss(tensors, reals, fakes, noise)
        loss = tf.reduce_sum(terms["projection_penalty"])
    assert tape.gradient(loss, tensors.A) is None
