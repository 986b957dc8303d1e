import numpy as np
import pytest
import tensorflow as tf

from growth.phase import phase_until
from metrics.c3d import C3D
from metrics.preprocess import preprocess, preprocess_floats
from metrics.protocols import protocol
from networks.generator import Generator
from sampling.latents import sample_latents
from sampling.projection import load_latents, pixel_distance, project, save_latents
from sampling.snapshot import Snapshot
from scoring.features import Extractor
from scoring.nearness import feature_distance
from support.errors import UserError
from support.media import to_uint8
from tests.training.toys import tiny_config


@pytest.fixture(scope="module")
def snapshot():
    """A small generator at its second rung, untrained."""
    tf.keras.utils.set_random_seed(0)
    config = tiny_config("growth.ladder=4x4x4 8x8x8", "growth.resolution=8")
    generator = Generator(config.ladder, config.network)
    return Snapshot(config, phase_until(10**6, config.schedule, config.ladder), generator)


def test_a_clip_of_the_generator_is_found(snapshot):
    target = snapshot.sample(sample_latents(1, 8, seed=77))[0]
    found = project(snapshot, pixel_distance(target), steps=60, restarts=3, seed=1)
    start = found.distances[:, 0].min()
    assert found.distance < 0.1 * start
    assert found.distance == found.distances.min()
    assert (found.way.shape[1], found.way_steps[0], found.distances.shape) == (8, 0, (3, 61))
    end = snapshot.sample(found.latents[None])[0]
    assert np.sqrt(np.mean((end - target) ** 2)) == pytest.approx(found.distance, rel=1e-3)
    np.testing.assert_array_equal(found.way[-1], found.latents)


def test_the_seed_decides(snapshot, eager):
    target = snapshot.sample(sample_latents(1, 8, seed=5))[0]
    first, again, other = (
        project(snapshot, pixel_distance(target), steps=3, restarts=2, seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.latents, again.latents)
    assert (first.latents != other.latents).any()


def test_features_are_those_of_the_protocol():
    random = np.random.default_rng(0)
    clips = random.integers(0, 256, (1, 8, 16, 20, 3), np.uint8)
    for name in ("c3d_torch", "tgan2", "fvd"):
        if name == "fvd":
            clips = clips.repeat(2, 1)
        mean = np.array([1.0, 2.0, 3.0])
        floats = tf.constant(clips / 127.5 - 1, tf.float32)
        ready = preprocess_floats(floats, protocol(name), mean)
        np.testing.assert_allclose(ready, preprocess(clips, protocol(name), mean), atol=2e-2)


def test_the_gradient_of_features_leads_to_the_target(snapshot, eager):
    about = {"network": "c3d", "sha256": "0"}
    extractor = Extractor(C3D(4, width=1), protocol("c3d_torch"), None, about)
    target = to_uint8(snapshot.sample(sample_latents(1, 8, seed=3)))[0]
    distance = feature_distance(extractor, target)
    found = project(snapshot, distance, steps=5, restarts=1, rate=0.05)
    assert 0 < found.distance < found.distances[0, 0]


def test_latents_are_kept(tmp_path):
    latents, labels = sample_latents(2, 8, seed=0), np.eye(3, dtype=np.float32)[:2]
    save_latents(tmp_path / "a.npz", latents, labels)
    loaded = load_latents(tmp_path / "a.npz", 8, 3)
    np.testing.assert_array_equal(loaded[0], latents)
    np.testing.assert_array_equal(loaded[1], labels)
    with pytest.raises(UserError, match=r"latents of 16 numbers.*Received: shape \[2, 8\]"):
        load_latents(tmp_path / "a.npz", 16, 3)
    with pytest.raises(UserError, match=r"weights of 2 classes"):
        load_latents(tmp_path / "a.npz", 8, 2)
    save_latents(tmp_path / "b.npz", latents * np.nan, None)
    with pytest.raises(UserError, match="finite"):
        load_latents(tmp_path / "b.npz", 8, 0)
    (tmp_path / "c.npz").write_bytes(b"no zip")
    with pytest.raises(UserError, match="c.npz"):
        load_latents(tmp_path / "c.npz", 8, 0)
