"""VGAN's networks against NumPy, and their published sizes."""

import numpy as np
import pytest

from networks.inputs import Inputs
from networks.vgan import VGANGenerator, vgan_critic
from tests.networks import reference as ref

SHAPE = (8, 16, 16)


@pytest.mark.parametrize(("streams", "parameters"), [(1, 12_663_619), (2, 16_245_383)])
def test_published_size_of_the_generator(streams, parameters):
    assert VGANGenerator((32, 64, 64), 100, 64, streams).count_trained() == parameters


def test_published_size_of_the_critic():
    critic = vgan_critic((32, 64, 64), 64)
    assert critic.count_trained() == 11_057_858
    assert vgan_critic((16, 64, 64), 64).last.kernel.shape == (1, 4, 4, 512, 2)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("streams", [1, 2])
def test_generator(streams, training):
    network = VGANGenerator(SHAPE, 5, 2, streams)
    ref.randomise(network)
    layers = ref.weights_of(network)
    latents = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    found = network(Inputs(latents), training=training).numpy()

    def grow(name, dims):
        return ref.grow_from_vector(latents, layers, name, dims, 1e-5, training)

    maps = grow("foreground", 3)
    expected = np.tanh(ref.conv_transposed(maps, layers["foreground_colour"], 2, 1))
    if streams == 2:
        mask = ref.sigmoid(ref.conv_transposed(maps, layers["mask"], 2, 1))
        still = ref.conv_transposed(grow("background", 2), layers["background_colour"], 2, 1)
        expected = mask * expected + (1 - mask) * np.tanh(still)[:, None]
    assert found.shape == (3, *SHAPE, 3)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_critic(training):
    network = vgan_critic(SHAPE, 2)
    ref.randomise(network)
    layers = ref.weights_of(network)
    clips = np.random.default_rng(1).uniform(-1, 1, (3, *SHAPE, 3)).astype(np.float32)

    def norm(x, layer):
        return ref.batch_norm(x, layer, 1e-3, training)

    maps = ref.strided_critic(clips, layers, (2, 2, 2), (1, 1, 1), norm)
    expected = ref.conv(maps, layers["last"], (1, 1, 1), (0, 0, 0))
    found = network(clips, training=training).numpy()
    assert found.shape == (3, 1, 1, 1, 2)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


def test_the_background_is_still_and_the_mask_a_share():
    network = VGANGenerator(SHAPE, 5, 2, 2)
    ref.randomise(network, seed=2)
    streams = network.streams(Inputs(np.ones((1, 5), np.float32)))
    assert streams["background"].shape == (1, 1, 16, 16, 3)
    mask = streams["mask"].numpy()
    assert 0 < mask.min() < mask.max() < 1
    network.mask.bias.assign([-100.0])
    closed = network(Inputs(np.ones((1, 5), np.float32))).numpy()
    np.testing.assert_array_equal(closed, closed[:, :1].repeat(8, 1))  # Nothing moves.


def test_starts_as_published():
    network = VGANGenerator((16, 32, 32), 100, 8, 2)
    first, second = network.background.layers[1].kernel, network.foreground.layers[1].kernel
    assert np.abs(np.corrcoef(np.ravel(first), np.ravel(second)[: np.size(first)])[0, 1]) < 0.1
    kernel, scale = network.foreground.layers[4].kernel, network.foreground.layers[5].gamma
    assert np.std(kernel) == pytest.approx(0.01, rel=0.05)
    assert np.mean(scale) == pytest.approx(1, abs=0.02)
    assert 0.01 < np.std(scale) < 0.04
