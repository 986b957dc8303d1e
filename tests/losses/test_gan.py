"""The GAN loss by hand: equation 2.1 at known scores, and R1 and R2 at known gradients."""

import math

import numpy as np
import pytest

from losses.gan import GAN
from tests.losses.toys import LinearCritic, clips, scores_of


def test_scores_of_zero_cost_two_log_2_and_log_2():
    terms, watched, _ = GAN().discriminator_loss(*scores_of([0.0], [0.0]), noise=None)
    assert (*terms, *watched) == GAN.critic_terms
    np.testing.assert_allclose(terms["critic"], 2 * math.log(2), rtol=1e-6)
    np.testing.assert_array_equal(terms["gradient_penalty"], [0.0])
    generator, *_ = GAN().generator_loss(*scores_of([0.0], [0.0]))
    assert tuple(generator) == GAN.generator_terms
    np.testing.assert_allclose(generator["generator"], math.log(2), rtol=1e-6)


def test_terms_are_logarithms_of_probabilities():
    real, fake = np.array([2.0, -1.0]), np.array([0.5, -3.0])
    terms, watched, _ = GAN().discriminator_loss(*scores_of(real, fake), noise=None)
    p_real, p_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    np.testing.assert_allclose(terms["critic"], -np.log(p_real) - np.log(1 - p_fake), rtol=1e-5)
    np.testing.assert_allclose(watched["score_gap"], real - fake, rtol=1e-6)
    for loss, expected in ((GAN(), -np.log(p_fake)), (GAN(saturating=True), np.log(1 - p_fake))):
        generator, *_ = loss.generator_loss(*scores_of(real, fake))
        np.testing.assert_allclose(generator["generator"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "gammas"), [(GAN.r1(), (10, 0)), (GAN(r1_gamma=2.0, r2_gamma=3.0), (2, 3))]
)
def test_r1_and_r2_are_of_the_scores_gradient(loss, gammas):
    random = np.random.default_rng(0)
    critic, reals, fakes = LinearCritic(random, 12, 4), clips(random), clips(random)
    terms, *_ = loss.discriminator_loss(critic.as_tensors(), reals, fakes, noise=None)
    slopes = [critic.slope_of_head(critic.encode_of(x)) @ critic.A.T for x in (reals, fakes)]
    expected = sum(
        gamma / 2 * np.sum(slope**2, -1) for gamma, slope in zip(gammas, slopes, strict=True)
    )
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-4)
