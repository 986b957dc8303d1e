import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from growth.phase import Lod
from networks.generator import Generator
from networks.inputs import Inputs
from sampling.latents import sample_latents
from sampling.snapshot import (
    Snapshot,
    list_snapshots,
    load_model,
    load_snapshot,
    save_snapshot,
    snapshot_path,
)
from support.errors import UserError
from tests.training.toys import tick, tiny_config, write_config


@pytest.fixture
def run(tmp_path):
    c = tiny_config()
    write_config(tmp_path, c)
    keras.utils.set_random_seed(0)
    for nimg in (64, 48):
        generator = Generator(c.ladder, c.network)
        save_snapshot(tmp_path, generator, nimg)
    return tmp_path, generator


def card_of(run, nimg):
    return run / "snapshots" / f"gs-{nimg:09d}.json"


def test_a_snapshot_makes_the_generators_clips(run):
    path, generator = run
    assert list_snapshots(path) == [48, 64]
    snapshot = load_snapshot(path, 48)
    assert snapshot.phase.fading
    assert snapshot.phase.weight == 0.5
    latents = sample_latents(5, 8, seed=0)
    clips = snapshot.sample(latents, minibatch=2)
    assert clips.shape == (5, 4, 8, 8, 3)
    np.testing.assert_allclose(clips, generator(Inputs(latents), lod=Lod(1, 0.5)), atol=1e-5)


def test_many_clips_are_traced_once_and_are_the_same(run, monkeypatch):
    path, generator = run
    snapshot, calls, latents = load_snapshot(path, 48), [], sample_latents(9, 8, seed=0)
    make = Snapshot.__call__
    monkeypatch.setattr(
        Snapshot, "__call__", lambda *a, **k: calls.append(tf.inside_function()) or make(*a, **k)
    )
    monkeypatch.setattr("sampling.snapshot.TRACED", 4)
    clips = snapshot.sample(latents, minibatch=2)
    assert calls == [True, False]  # One trace for four minibatches, and a call for the rest.
    np.testing.assert_allclose(
        clips, generator(Inputs(latents), lod=snapshot.phase.detail), 1e-4, 1e-5
    )
    snapshot.sample(latents[:6], minibatch=2)
    assert calls[2:] == [False] * 3


def test_other_files_are_no_snapshots(run):
    (run[0] / "snapshots" / "gs-copy.weights.h5").touch()
    assert list_snapshots(run[0]) == [48, 64]


def test_the_newest_is_the_default(run):
    assert load_snapshot(run[0]).phase.nimg == 64


def test_the_best_has_the_smallest_distance_of_all_that_have_one(run):
    path, _ = run
    with pytest.raises(UserError, match="Cannot choose the best snapshot of .* no distance"):
        load_snapshot(path, "best")
    at = {"lod": 1.0, "fading": False, "swd_floor": 4.0}
    lines = [tick(n) | {"swd": swd} | at for n, swd in ((48, 5.0), (60, 1.0), (64, 9.0))]
    (path / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert load_snapshot(path, "best").phase.nimg == 48


def test_mistakes_are_told(run, tmp_path_factory):
    path, _ = run
    with pytest.raises(UserError, match="Cannot load snapshot 1 of .*: it has 48, 64."):
        load_snapshot(path, 1)
    with pytest.raises(UserError, match="without config.json"):
        load_snapshot(tmp_path_factory.mktemp("empty"))
    snapshot_path(path, 64).write_bytes(b"no weights")
    with pytest.raises(UserError, match="its SHA-256 is not the one in"):
        load_snapshot(path)


def test_a_pair_is_loaded_alone(run, tmp_path_factory):
    path, generator = run
    alone = tmp_path_factory.mktemp("alone") / "mine.weights.h5"
    snapshot_path(path, 48).rename(alone)
    card_of(path, 48).rename(alone.with_name("mine.json"))
    snapshot, latents = load_model(alone), sample_latents(3, 8, seed=0)
    assert (snapshot.phase.nimg, snapshot.config) == (48, tiny_config())
    np.testing.assert_allclose(
        snapshot.sample(latents), generator(Inputs(latents), lod=Lod(1, 0.5)), atol=1e-5
    )


def test_a_snapshot_without_a_card_needs_the_run(run):
    path, generator = run
    card = json.loads(card_of(path, 48).read_text())
    card_of(path, 48).unlink()
    snapshot, latents = load_snapshot(path, 48), sample_latents(3, 8, seed=0)
    np.testing.assert_allclose(
        snapshot.sample(latents), generator(Inputs(latents), lod=Lod(1, 0.5)), atol=1e-5
    )
    assert json.loads(json.dumps(snapshot.card)) == card
    with pytest.raises(UserError, match="Cannot read .*048.json"):
        load_model(snapshot_path(path, 48))


def test_weights_of_another_config_are_refused(run):
    path, _ = run
    card_of(path, 64).unlink()
    write_config(path, tiny_config("growth.feature_maps_max=2"))
    with pytest.raises(
        UserError,
        match=r"064.weights.h5 should hold the arrays of demo's generator, and no others. "
        r"Received: blocks/generator_block/conv0/vars/0 of shape \[3, 3, 3, 4, 4\]",
    ):
        load_snapshot(path)


def test_a_diverged_generator_is_told(run):
    path, generator = run
    generator.dense.bias.assign([np.nan] * 4)
    save_snapshot(path, generator, 64)
    with pytest.raises(UserError, match="should hold finite numbers. Received: NaN or infinity at"):
        load_snapshot(path)


def test_a_card_never_stands_beside_other_weights(run, monkeypatch):
    path, generator = run

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sampling.snapshot.write_json", stop)
    generator.dense.bias.assign_add([1.0] * 4)
    with pytest.raises(KeyboardInterrupt):
        save_snapshot(path, generator, 64)
    assert not card_of(path, 64).exists()
    np.testing.assert_array_equal(load_snapshot(path).generator.dense.bias, [1.0] * 4)


def test_latents():
    one = sample_latents(1000, 4, seed=3)
    assert one.dtype == np.float32
    assert abs(one.std() - 1) < 0.05
    np.testing.assert_array_equal(one, sample_latents(1000, 4, seed=3))
    assert np.abs(sample_latents(1000, 4, seed=3, truncation=0.7)).max() <= 0.7
