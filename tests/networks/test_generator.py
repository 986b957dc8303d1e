import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import config
from growth.ladder import make_ladder
from growth.phase import Lod
from growth.resample import upscale
from networks.generator import Generator
from networks.inputs import Inputs

LADDER = make_ladder("4x4x4 4x8x8 8x8x8 16x16x16", feature_maps_max=8)
NETWORK = config.Network(latent_size=16)
LATENTS = Inputs(np.random.default_rng(0).standard_normal([2, 16]).astype(np.float32))


@pytest.fixture(scope="module", params=["finest", "all"])
def network(request):
    return dataclasses.replace(NETWORK, rgb=request.param)


@pytest.fixture(scope="module")
def generator(network):
    keras.utils.set_random_seed(0)
    return Generator(LADDER, network)


def test_table_a1():
    faces = config.faces()
    rows = Generator(faces.ladder, faces.network).table()
    assert sum(row[2] for row in rows) == 3_702_091
    shapes = list(dict.fromkeys(shape for name, shape, _ in rows if name == "Conv 3x3x3"))
    assert shapes == [
        (128, 4, 4, 4),
        (128, 8, 8, 8),
        (128, 8, 16, 16),
        (64, 8, 32, 32),
        (32, 16, 64, 64),
        (16, 16, 128, 128),
        (8, 32, 256, 256),
    ]
    # The second 64-map convolution has 0.11 m parameters.
    assert [c for n, s, c in rows if s[0] == 64 and n == "Conv 3x3x3"] == [221_248, 110_656]


@pytest.mark.parametrize("level", range(4))
def test_clips_have_the_rungs_size(generator, level):
    assert generator(LATENTS, lod=Lod(level)).shape == (2, *LADDER[level].shape, 3)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_fade_goes_from_the_rung_below_to_the_rung(generator, level):
    coarse = upscale(generator(LATENTS, lod=Lod(level - 1)), LADDER.factors(level)).numpy()
    fine = generator(LATENTS, lod=Lod(level)).numpy()
    for weight in (0.0, 0.25, 1.0):
        faded = generator(LATENTS, lod=Lod(level, tf.constant(weight)))
        np.testing.assert_allclose(faded, (1 - weight) * coarse + weight * fine, atol=2e-5)


def test_growing_changes_nothing_where_rungs_are_summed():
    keras.utils.set_random_seed(0)
    generator = Generator(LADDER, dataclasses.replace(NETWORK, rgb="all"))
    coarse = generator(LATENTS, lod=Lod(1))
    fine = generator(LATENTS, lod=Lod(2))
    np.testing.assert_array_equal(fine, upscale(coarse, LADDER.factors(2)))


def test_length_of_latents_does_not_matter(generator):
    np.testing.assert_allclose(
        generator(LATENTS, lod=Lod(1)),
        generator(Inputs(LATENTS.latents * 7), lod=Lod(1)),
        atol=1e-4,
    )


@pytest.mark.parametrize(("level", "fading"), [(0, False), (2, False), (2, True), (3, True)])
def test_live_layers_are_those_with_gradients(generator, level, fading):
    with tf.GradientTape() as tape:
        clips = generator(LATENTS, lod=Lod(level, tf.constant(0.5) if fading else None))
        loss = tf.reduce_sum(clips**2)
    paths = [v.path for v in generator.trainable_variables]
    gradients = tape.gradient(loss, [v.value for v in generator.trainable_variables])
    touched = {path for path, g in zip(paths, gradients, strict=True) if g is not None}
    live = generator.live_layers(Lod(level, 0.5 if fading else None))
    assert touched == {v.path for layer in live for v in layer.trainable_variables}


def test_fused_equals_plain(generator, network):
    plain = Generator(LADDER, dataclasses.replace(network, fused_resample=False))
    plain.set_weights(generator.get_weights())
    np.testing.assert_allclose(
        plain(LATENTS, lod=Lod(3)), generator(LATENTS, lod=Lod(3)), atol=1e-4
    )


def test_variance_is_kept_at_the_start(generator):
    latents = np.random.default_rng(1).standard_normal([64, 16])
    for level in range(4):
        assert 0.3 < np.std(generator(Inputs(latents), lod=Lod(level))) < 2
