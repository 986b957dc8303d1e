"""The Wasserstein loss with clipped weights: its terms, and the bounds of weights."""

import keras
import numpy as np
import pytest

from config import Network
from growth.ladder import make_ladder
from losses.wgan import WGAN
from networks.discriminator import Discriminator
from networks.layers import weight_factors
from tests.losses.toys import scores_of


def test_terms_are_antisymmetric():
    real, fake = [2.0, -1.0], [0.5, 3.0]
    one, watched, _ = WGAN().discriminator_loss(*scores_of(real, fake), noise=None)
    other, *_ = WGAN().discriminator_loss(*scores_of(fake, real), noise=None)
    assert (*one, *watched) == WGAN.critic_terms
    np.testing.assert_allclose(one["critic"], [-1.5, 4.0])
    np.testing.assert_allclose(one["critic"], -other["critic"])
    generator, *_ = WGAN().generator_loss(*scores_of(real, fake))
    assert tuple(generator) == WGAN.generator_terms
    np.testing.assert_allclose(generator["generator"], [-0.5, -3.0])


@pytest.fixture
def critic():
    keras.utils.set_random_seed(0)
    ladder = make_ladder("4x4x4 4x8x8", feature_maps_max=4)
    return Discriminator(ladder, Network(latent_size=8), "scalar")


@pytest.mark.parametrize("of", ["stored", "effective"])
def test_weights_are_clipped_once_and_for_all(critic, of):
    critic.encoder.dense.bias.assign([9.0] * 8)
    before = critic.get_weights()
    loss = WGAN(clip=0.01, clip_of=of)
    loss.constrain(weight_factors(critic))
    once = critic.get_weights()
    loss.constrain(weight_factors(critic))
    largest = [
        np.abs(v.numpy() * (factor if of == "effective" else 1)).max()
        for v, factor in weight_factors(critic)
    ]
    assert max(largest) == pytest.approx(0.01)
    assert critic.encoder.dense.bias.numpy() == pytest.approx(0.01)
    for old, new, again in zip(before, once, critic.get_weights(), strict=True):
        np.testing.assert_array_equal(new, again)
        np.testing.assert_array_equal(np.sign(old), np.sign(new))


def test_weights_within_the_bound_stay(critic):
    before = critic.get_weights()
    WGAN(clip=100.0).constrain(weight_factors(critic))
    for old, new in zip(before, critic.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_factors_are_those_of_the_equalized_rate(critic):
    factors = {id(variable): factor for variable, factor in weight_factors(critic)}
    conv, dense = critic.encoder.blocks[0].conv0, critic.encoder.dense
    assert factors[id(conv.kernel)] == pytest.approx((2 / (27 * 4)) ** 0.5)
    assert factors[id(conv.bias)] == 1
    assert factors[id(dense.kernel)] == pytest.approx((4 * 64) ** -0.5)
    assert len(factors) == len(critic.trainable_variables)
