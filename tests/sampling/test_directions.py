import keras
import numpy as np
import pytest

from growth.phase import phase_until
from networks.generator import Generator
from sampling.directions import class_directions, common_classes, layer_directions, move
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from support.errors import UserError
from tests.training.toys import tiny_config


@pytest.fixture(scope="module")
def snapshot():
    config = tiny_config("growth.ladder=4x4x4 8x8x8", "growth.resolution=8")
    generator = Generator(config.ladder, config.network)
    return Snapshot(config, phase_until(10**6, config.schedule, config.ladder), generator)


def test_the_first_direction_changes_the_first_layer_most(snapshot):
    directions, shares = layer_directions(snapshot, 8)
    np.testing.assert_allclose(directions @ directions.T, np.eye(8), atol=1e-5)
    change = [np.linalg.norm(_linear(snapshot, d) - _linear(snapshot, 0 * d)) for d in directions]
    assert change == sorted(change, reverse=True)
    np.testing.assert_allclose(np.square(change) / np.sum(np.square(change)), shares, rtol=1e-4)
    assert (np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1) > 0).all()


def _linear(snapshot, latent):
    return snapshot.generator.dense(latent[None].astype(np.float32)).numpy()


def test_they_are_the_principal_components_of_the_layer(snapshot):
    latents = sample_latents(20_000, 8, seed=0)
    outputs = snapshot.generator.dense(latents).numpy().reshape(len(latents), -1)
    variance = np.linalg.eigvalsh(np.cov(outputs.T))[::-1][:8]
    _, shares = layer_directions(snapshot, 8)
    np.testing.assert_allclose(variance / variance.sum(), shares, atol=0.02)


def test_the_difference_of_means_is_the_axis_of_a_class():
    latents = sample_latents(4000, 8, seed=0)
    labels = (latents[:, 3] > 0).astype(int)
    directions, shares = class_directions(latents, labels, [1, 0], "abc")
    assert directions[0, 3] > 0.98
    np.testing.assert_allclose(directions[0], -directions[1], atol=1e-6)
    assert shares.sum() == 1
    with pytest.raises(UserError, match="at least 8 .* Received: 0 of 4000 in c. Draw more"):
        class_directions(latents, labels, [2], "abc")


def test_classes_with_few_clips_are_not_common():
    labels = np.repeat([0, 1, 3], [20, 7, 8])
    assert common_classes(labels, "abcd") == [0, 3]
    with pytest.raises(UserError, match="Received: 20 of 20 in a"):
        common_classes(labels[:20], "ab")


def test_amounts_are_lengths_of_a_latent():
    latents, directions = np.ones((2, 4), np.float32), np.eye(4, dtype=np.float32)[:3]
    moved = move(latents, directions, np.array([-1, 0, 0.5]))
    assert moved.shape == (3, 2, 3, 4)
    np.testing.assert_array_equal(moved[1, 0], [[1, -1, 1, 1], [1, 1, 1, 1], [1, 2, 1, 1]])


def test_without_a_dense_layer_there_are_none(snapshot):
    other = Snapshot(snapshot.config, snapshot.phase, keras.Sequential())
    with pytest.raises(UserError, match="dense first layer. The model progressive has none"):
        layer_directions(other, 2)
    with pytest.raises(UserError, match="at most 8. Received: 9"):
        layer_directions(snapshot, 9)
