"""iVGAN's networks against NumPy, and their published sizes."""

import numpy as np
import pytest

from networks.inputs import Inputs
from networks.ivgan import IVGANCritic, IVGANGenerator
from tests.networks import reference as ref

SHAPE = (8, 16, 16)


def test_published_sizes():
    generator, critic = IVGANGenerator((32, 64, 64), 100, 64), IVGANCritic((32, 64, 64), 64)
    assert generator.count_trained() == 12_677_571 + 960  # The shifts of batch normalisation.
    assert critic.count_trained() == 11_056_070 + 1_920  # Scales and shifts of layer normalisation.
    assert critic.score.kernel.shape == (4, 1)


@pytest.mark.parametrize("training", [True, False])
def test_generator(training):
    network = IVGANGenerator(SHAPE, 5, 2)
    ref.randomise(network)
    layers = ref.weights_of(network)
    latents = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    x = latents @ layers["clip0"]["kernel"] + layers["clip0"]["bias"]
    x = x.reshape(3, 2, 4, 4, -1)
    x = ref.relu(ref.batch_norm(x, layers["clip0_norm"], 1e-3, training))
    x = ref.conv_transposed(x, layers["clip1"], 2, 1)
    x = ref.relu(ref.batch_norm(x, layers["clip1_norm"], 1e-3, training))
    expected = np.tanh(ref.conv_transposed(x, layers["clip_out"], 2, 1))
    found = network(Inputs(latents), training=training).numpy()
    assert found.shape == (3, *SHAPE, 3)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


def test_critic():
    network = IVGANCritic(SHAPE, 2)
    ref.randomise(network)
    layers = ref.weights_of(network)
    clips = np.random.default_rng(1).uniform(-1, 1, (3, *SHAPE, 3)).astype(np.float32)

    def norm(x, layer):
        return ref.layer_norm(x, layer, 1e-5)

    maps = ref.strided_critic(clips, layers, (2, 2, 2), (1, 1, 1), norm)
    values = ref.leaky_relu(ref.conv(maps, layers["last"], (2, 2, 2), (1, 1, 1))).reshape(3, -1)
    expected = (values @ layers["score"]["kernel"] + layers["score"]["bias"])[:, 0]
    np.testing.assert_allclose(network(clips), expected, 1e-5, 1e-5)
    np.testing.assert_allclose(network(clips[:1]), expected[:1], 1e-5, 1e-5)  # Each clip alone.
