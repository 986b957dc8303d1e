"""TGAN's networks against NumPy, and their published sizes."""

import numpy as np
import pytest
import scipy.stats

from networks.inputs import Inputs
from networks.tgan import TGANGenerator, tgan_critic
from tests.networks import reference as ref

SHAPE = (8, 16, 16)


def test_published_sizes():
    generator = TGANGenerator((16, 64, 64), 100, 64)
    in_time = generator.time.count_params() + generator.time_out.count_params()
    moving = sum(np.size(w) for layer in generator.time.layers for w in layer.non_trainable_weights)
    assert in_time - moving == 825_444
    assert generator.count_trained() == 825_444 + 3_622_691
    assert tgan_critic((16, 64, 64), 64).count_trained() == 11_032_385


@pytest.mark.parametrize("labels", [None, [1, 0, -1]])
@pytest.mark.parametrize("training", [True, False])
def test_generator(training, labels):
    network = TGANGenerator(SHAPE, 5, 4, classes=2 if labels else 0)
    ref.randomise(network)
    layers = ref.weights_of(network)
    latents = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32)
    given = None if labels is None else np.array(labels)
    found = network(Inputs(latents, given), training=training).numpy()
    uniform = 2 * scipy.stats.norm.cdf(latents) - 1
    classes = np.array([[0, 1], [1, 0], [0, 0]])[:, : 2 if labels else 0]
    given = np.concatenate([uniform, classes], 1)
    moving = ref.grow_from_vector(given, layers, "time", 1, 2e-5, training)
    moving = np.tanh(ref.conv_transposed(moving, layers["time_out"], 2, 1))
    assert moving.shape == (3, 8, 5)
    # As published: the clip's latent is repeated before all else, and normalised so.
    vectors = {"of_clip": uniform.repeat(8, 0)}
    vectors |= {"of_class": classes.repeat(8, 0)} if labels else {}
    vectors["of_frame"] = moving.reshape(24, 5)
    maps = []
    for name, vector in vectors.items():
        values = vector @ layers[name]["kernel"]
        values = ref.relu(ref.batch_norm(values, layers[f"{name}_norm"], 2e-5, training))
        maps.append(values.reshape(24, 4, 4, -1))
    x = np.concatenate(maps, -1)
    for stage in range(2):
        x = ref.conv_transposed(x, layers[f"image{stage}"], 2, 1)
        x = ref.relu(ref.batch_norm(x, layers[f"image{stage}_norm"], 2e-5, training))
    expected = np.tanh(ref.conv(x, layers["image_out"], (1, 1), (1, 1)))
    assert found.shape == (3, *SHAPE, 3)
    np.testing.assert_allclose(found, expected.reshape(found.shape), 1e-5, 1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_critic(training):
    network = tgan_critic(SHAPE, 2)
    ref.randomise(network)
    layers = ref.weights_of(network)
    assert "beta" not in layers["norm1"]
    clips = np.random.default_rng(1).uniform(-1, 1, (3, *SHAPE, 3)).astype(np.float32)

    def norm(x, layer):
        return ref.batch_norm(x, layer, 2e-5, training)

    maps = ref.strided_critic(clips, layers, (2, 2, 2), (1, 1, 1), norm)
    expected = ref.conv(maps, layers["last"], (1, 1, 1), (0, 0, 0))
    found = network(clips, training=training).numpy()
    assert found.shape == (3, 1, 1, 1, 1)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


def test_starts_as_published():
    generator, critic = TGANGenerator((16, 32, 32), 100, 8), tgan_critic((16, 32, 32), 16)
    assert np.abs(generator.of_clip.layers[0].kernel).max() <= 0.01
    assert np.abs(generator.image.layers[0].kernel).max() <= 0.01
    kernel = np.asarray(critic.convs[1].kernel)  # [4, 4, 4, 16, 32]
    assert kernel.std() == pytest.approx(np.sqrt(2 / (64 * 16)), rel=0.03)
