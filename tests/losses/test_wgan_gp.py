import numpy as np

from losses.wgan_gp import WGANGP
from tests.losses.toys import FixedNoise, LinearCritic, clips


def test_terms_of_equation_2_7_and_the_drift():
    random = np.random.default_rng(0)
    critic = LinearCritic(random, values=12, features=4)
    reals, fakes, noise = clips(random), clips(random), FixedNoise(random, 4)
    terms, watched, _ = WGANGP().discriminator_loss(critic.as_tensors(), reals, fakes, noise)
    assert (*terms, *watched) == WGANGP.critic_terms
    real, fake = critic.score_of(reals), critic.score_of(fakes)
    np.testing.assert_allclose(terms["critic"], fake - real, rtol=1e-5)
    np.testing.assert_allclose(terms["drift"], 1e-3 * real**2, rtol=1e-5)
    middle = critic.encode_of(noise.between(reals, fakes))
    norms = np.linalg.norm(critic.slope_of_head(middle) @ critic.A.T, axis=-1)
    np.testing.assert_allclose(terms["gradient_penalty"], 10 * (norms - 1) ** 2, rtol=1e-4)
    np.testing.assert_allclose(watched["score_gap"], real - fake, rtol=1e-5)
    generator, *_ = WGANGP().generator_loss(critic.as_tensors(), reals, fakes)
    np.testing.assert_allclose(generator["generator"], -fake, rtol=1e-5)
