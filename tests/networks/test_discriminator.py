import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import config
from growth.ladder import make_ladder
from growth.phase import Lod
from growth.resample import downscale
from networks.discriminator import Discriminator
from networks.layers import conv3d, leaky_relu

LADDER = make_ladder("4x4x4 4x8x8 8x8x8 16x16x16", feature_maps_max=8)
NETWORK = config.Network(latent_size=16)


@pytest.fixture(scope="module", params=["finest", "all"])
def network(request):
    return dataclasses.replace(NETWORK, rgb=request.param)


@pytest.fixture(scope="module")
def discriminator(network):
    keras.utils.set_random_seed(0)
    return Discriminator(LADDER, network, "sliced")


def _clips(level, num=4):
    shape = (num, *LADDER[level].shape, 3)
    return tf.constant(np.random.default_rng(level).uniform(-1, 1, shape), tf.float32)


def test_table_a2():
    faces = config.faces()
    scalar = Discriminator(faces.ladder, faces.network, "scalar")
    assert sum(row[2] for row in scalar.encoder.table()) == 3_705_672
    assert sum(row[2] for row in scalar.table()) == 3_705_801
    sliced = Discriminator(faces.ladder, faces.network, "sliced")
    assert sum(row[2] for row in sliced.table()) == 3_705_672 + 16_640
    shapes = [shape for name, shape, _ in sliced.table() if name == "Downsample"]
    assert shapes == [
        (16, 16, 128, 128),
        (32, 16, 64, 64),
        (64, 8, 32, 32),
        (128, 8, 16, 16),
        (128, 8, 8, 8),
        (128, 4, 4, 4),
    ]
    assert ("Minibatch stddev", (129, 4, 4, 4), 0) in sliced.table()


@pytest.mark.parametrize("level", range(4))
def test_features_and_scores(discriminator, level):
    features = discriminator.encoder(_clips(level), lod=Lod(level), group=2)
    assert features.shape == (4, 16)
    assert discriminator.head(features).shape == (4,)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_fade_starts_at_the_rung_below_and_ends_at_the_rung(discriminator, level):
    clips = _clips(level)

    def encode(clips, *lod):
        return discriminator.encoder(clips, lod=Lod(*lod), group=2)

    below = encode(downscale(clips, LADDER.factors(level)), level - 1)
    start = encode(clips, level, tf.constant(0.0))
    np.testing.assert_allclose(start, below, atol=1e-5)
    end = encode(clips, level, tf.constant(1.0))
    np.testing.assert_allclose(end, encode(clips, level), atol=1e-5)


def test_growing_changes_nothing_where_rungs_are_summed():
    keras.utils.set_random_seed(0)
    encoder = Discriminator(LADDER, dataclasses.replace(NETWORK, rgb="all"), "sliced").encoder
    clips = _clips(2)
    coarse = encoder(downscale(clips, LADDER.factors(2)), lod=Lod(1), group=2)
    np.testing.assert_allclose(encoder(clips, lod=Lod(2), group=2), coarse, atol=1e-5)


@pytest.mark.parametrize(("level", "fading"), [(0, False), (2, False), (2, True), (3, True)])
def test_live_layers_are_those_with_gradients(discriminator, level, fading):
    lod = Lod(level, tf.constant(0.5) if fading else None)
    with tf.GradientTape() as tape:
        features = discriminator.encoder(_clips(level), lod=lod, group=2)
        loss = tf.reduce_sum(discriminator.head(features))
    paths = [v.path for v in discriminator.trainable_variables]
    gradients = tape.gradient(loss, [v.value for v in discriminator.trainable_variables])
    touched = {path for path, g in zip(paths, gradients, strict=True) if g is not None}
    live = discriminator.live_layers(lod)
    assert touched == {v.path for layer in live for v in layer.trainable_variables}


def test_fused_equals_plain(discriminator, network):
    plain = Discriminator(LADDER, dataclasses.replace(network, fused_resample=False), "sliced")
    plain.set_weights(discriminator.get_weights())
    clips = _clips(3)
    np.testing.assert_allclose(
        *(network.encoder(clips, lod=Lod(3), group=2) for network in (plain, discriminator)),
        atol=1e-5,
    )


def test_a_block_is_conv_downscale_bias_leaky_relu(discriminator):
    block = discriminator.encoder.blocks[2]
    block.conv1.bias.assign(np.linspace(-1, 1, block.conv1.bias.shape[0]))
    x = tf.constant(np.random.default_rng(0).standard_normal([2, 16, 16, 16, 8]), tf.float32)
    middle = leaky_relu(block.conv0(x))
    y = downscale(conv3d(middle, block.conv1.kernel * block.conv1.scale), (2, 2, 2))
    np.testing.assert_allclose(block(x), leaky_relu(y + block.conv1.bias), atol=1e-5)
