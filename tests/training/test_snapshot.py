import keras
import numpy as np
import pytest

from networks.generator import Generator
from support.errors import UserError
from tests.training.toys import tiny_config, write_config
from training.snapshot import list_snapshots, load_snapshot, sample_latents, save_snapshot


@pytest.fixture
def run(tmp_path):
    c = tiny_config()
    write_config(tmp_path, c)
    keras.utils.set_random_seed(0)
    for nimg in (64, 48):
        generator = Generator(c.ladder, c.network)
        save_snapshot(tmp_path, generator, nimg)
    return tmp_path, generator


def test_a_snapshot_makes_the_generators_clips(run):
    path, generator = run
    assert list_snapshots(path) == [48, 64]
    snapshot = load_snapshot(path, 48)
    assert snapshot.phase.fading
    assert snapshot.phase.weight == 0.5
    latents = sample_latents(5, 8, seed=0)
    clips = snapshot.sample(latents, minibatch=2)
    assert clips.shape == (5, 4, 8, 8, 3)
    np.testing.assert_allclose(clips, generator(latents, level=1, weight=0.5), atol=1e-5)


def test_other_files_are_no_snapshots(run):
    (run[0] / "snapshots" / "gs-copy.weights.h5").touch()
    assert list_snapshots(run[0]) == [48, 64]


def test_the_newest_is_the_default(run):
    assert load_snapshot(run[0]).phase.nimg == 64


def test_mistakes_are_told(run, tmp_path_factory):
    path, _ = run
    with pytest.raises(UserError, match="--snapshot should be one of 48, 64"):
        load_snapshot(path, 1)
    with pytest.raises(UserError, match="no config.json"):
        load_snapshot(tmp_path_factory.mktemp("empty"))
    (path / "snapshots" / "gs-000000064.weights.h5").write_bytes(b"no weights")
    with pytest.raises(UserError, match="should hold the weights"):
        load_snapshot(path)


def test_latents():
    one = sample_latents(1000, 4, seed=3)
    assert one.dtype == np.float32
    assert abs(one.std() - 1) < 0.05
    np.testing.assert_array_equal(one, sample_latents(1000, 4, seed=3))
    assert np.abs(sample_latents(1000, 4, seed=3, truncation=0.7)).max() <= 0.7
