"""Minibatch discrimination at distances that can be checked by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from config import Network
from growth.ladder import make_ladder
from growth.phase import Lod
from networks.discriminator import Discriminator
from networks.minibatch import MinibatchDiscrimination


@pytest.fixture
def layer():
    keras.utils.set_random_seed(0)
    layer = MinibatchDiscrimination(6, outputs=3, size=2)
    layer.bias.assign([0.0] * 3)
    return layer


def _appended(layer, features, group):
    return layer(tf.constant(features, tf.float32), group=group).numpy()[:, 6:]


def test_copies_count_and_far_points_do_not(layer):
    x = np.random.default_rng(0).normal(size=[1, 6])
    np.testing.assert_allclose(_appended(layer, np.repeat(x, 4, 0), 4), np.full([4, 3], 3.0))
    far = 1e4 * np.arange(4)[:, None] * np.ones([1, 6])
    np.testing.assert_array_equal(_appended(layer, far, 4), np.zeros([4, 3]))


def test_it_is_the_sum_of_the_paper():
    layer = MinibatchDiscrimination(1, outputs=1, size=1)
    layer.kernel.assign([[[7.0]]])  # Its norm is 1 when it is used.
    layer.log_norm.assign([[np.log(2.0)]])
    x = np.array([0.0, 0.5, 2.0])
    others = [np.exp(-1) + np.exp(-4), np.exp(-1) + np.exp(-3), np.exp(-4) + np.exp(-3)]
    y = layer(tf.constant(x[:, None], tf.float32), group=3)
    np.testing.assert_allclose(y, np.stack([x, np.array(others) - 1], -1), rtol=1e-5)


def test_groups_are_apart_and_permutations_pass_through(layer):
    x = np.random.default_rng(1).normal(size=[6, 6])
    whole, order = _appended(layer, x, 3), [2, 0, 1]
    np.testing.assert_allclose(_appended(layer, x[:3], 3), whole[:3], rtol=1e-5)
    np.testing.assert_allclose(_appended(layer, x[:3][order], 3), whole[:3][order], rtol=1e-5)


@pytest.mark.parametrize("statistic", ["discrimination", "both"])
def test_a_critic_has_it_in_place_of_the_deviation_or_with_it(statistic):
    ladder = make_ladder("4x4x4 4x8x8", feature_maps_max=4)
    network = Network(latent_size=8, minibatch_statistic=statistic)
    critic = Discriminator(ladder, network, "sliced")
    rows = {name: (shape, count) for name, shape, count in critic.encoder.table()}
    assert ("Minibatch stddev" in rows) == (statistic == "both")
    assert rows["Minibatch discrimination"] == ((108, 1, 1, 1), 8 * 500 + 500 + 100)
    assert critic.encoder.conv.kernel.shape[3] == 4 + (statistic == "both")
    clips = tf.random.stateless_normal([4, 4, 4, 4, 3], [0, 0])
    values = critic.encoder(clips, lod=Lod(0), group=2)
    assert values.shape == (4, 108)
    assert critic.head(values).shape == (4,)
    assert critic.encoder.discrimination in critic.live_layers(Lod(0))


def test_parameters_on_128_features():
    assert MinibatchDiscrimination(128).count_params() == 64_000 + 500 + 100
