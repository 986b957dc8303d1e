"""Snapshots that predict: what they are given, what they state, and how they are exported."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from dataset.pyramid import pyramid
from growth.phase import phase_until
from models.progressive import Progressive
from sampling.card import make_card
from sampling.export import export
from sampling.futures import sample_futures
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot, load_model, load_snapshot, save_snapshot
from support.errors import UserError
from tests.training.toys import tiny_config, write_config

STABLE, FADING, FIRST = 200, 48, 8
LADDER = ["growth.ladder=3x4x4 6x8x8 6x16x16", "growth.num_frames=6", "prediction.past=3"]
CLIPS = np.random.default_rng(0).uniform(-1, 1, (3, 6, 16, 16, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with a snapshot at the first rung, in a fade and at the full size."""
    run, config = tmp_path_factory.mktemp("run"), tiny_config(*LADDER)
    write_config(run, config)
    keras.utils.set_random_seed(0)
    generator = Progressive.generator(config)
    for nimg in (FIRST, FADING, STABLE):
        save_snapshot(run, generator, nimg)
    return run


@pytest.mark.parametrize(("nimg", "frames"), [(FIRST, 1), (FADING, 3), (STABLE, 3)])
def test_the_past_is_what_training_shows(run, nimg, frames):
    snapshot = load_snapshot(run, nimg)
    ladder, lod = snapshot.config.ladder, snapshot.phase.detail
    at_rung = np.stack([pyramid(clip, ladder)[lod.level] for clip in CLIPS])
    shown = Batch(tf.constant(at_rung), tf.zeros(3, tf.int32)).shown(ladder, lod, 3)
    assert snapshot.past_frames == frames
    for clips in (CLIPS, CLIPS[:, :3]):  # The future is not needed.
        np.testing.assert_allclose(snapshot.take_past(clips), shown.past, atol=1e-6)


def test_clips_continue_the_past_whatever_the_minibatch(run):
    snapshot = load_snapshot(run)
    past, latents = snapshot.take_past(CLIPS), sample_latents(3, 8, seed=0)
    clips = snapshot.sample(latents, 2, past=past)
    np.testing.assert_array_equal(clips[:, :3], CLIPS[:, :3])
    np.testing.assert_allclose(clips, snapshot.sample(latents, past=past), atol=1e-6)
    with pytest.raises(UserError, match="continues the first 3 frames of clips. Use generate.py"):
        snapshot.sample(latents)


def test_longer_futures_are_chains(run):
    snapshot = load_snapshot(run)
    trained = sample_futures(snapshot, CLIPS, 2, 5)
    longer = sample_futures(snapshot, CLIPS, 2, 5, frames=10)
    assert longer.shape == (3, 2, 10, 16, 16, 3)
    np.testing.assert_array_equal(longer[:, :, :6], trained)
    past = np.clip(longer[:, :, 3:6], -1, 1).reshape(6, 3, 16, 16, 3)
    link = snapshot.sample(sample_latents(6, 8, (5, 1)), 4, past=past).reshape(3, 2, 6, 16, 16, 3)
    np.testing.assert_allclose(longer[:, :, 6:9], link[:, :, 3:], atol=1e-6)
    coarse = sample_futures(load_snapshot(run, FIRST), CLIPS, 1, 5, frames=8)
    assert coarse.shape == (3, 1, 8, 4, 4, 3)
    assert sample_futures(snapshot, CLIPS, 1, 5, frames=4).shape == (3, 1, 4, 16, 16, 3)


def test_a_rung_without_a_past_has_no_chains():
    config = tiny_config(*LADDER[:2], "prediction.past=1")
    phase = phase_until(FIRST, config.schedule, config.ladder)
    snapshot = Snapshot(config, phase, Progressive.generator(config))
    with pytest.raises(UserError, match="`frames` should be at most 3 at a rung that is given no"):
        sample_futures(snapshot, CLIPS, 1, 5, frames=4)


def test_cards_state_the_past(run):
    cards = [make_card(run, nimg) for nimg in (FIRST, STABLE)]
    assert [card["past"].partition(" float32")[0] for card in cards] == [
        "[N, 1, 4, 4, 3]",
        "[N, 3, 16, 16, 3]",
    ]


@pytest.mark.parametrize("nimg", [FADING, STABLE])
def test_a_saved_model_takes_the_past(run, tmp_path, nimg):
    snapshot = load_snapshot(run, nimg)
    export(snapshot, tmp_path / "exported", "saved_model")
    function = tf.saved_model.load(str(tmp_path / "exported")).signatures["serving_default"]
    latents, past = sample_latents(3, 8, seed=0), snapshot.take_past(CLIPS)
    clips = function(latents=tf.constant(latents), past=tf.constant(past))["clips"]
    np.testing.assert_allclose(clips, snapshot.sample(latents, past=past), atol=1e-4)


def test_weights_and_card_are_enough(run, tmp_path):
    snapshot = load_snapshot(run)
    export(snapshot, tmp_path / "model", "weights")
    model = load_model(tmp_path / "model" / "generator.weights.h5")
    card = json.loads((tmp_path / "model" / "generator.json").read_text())
    assert card["config"]["prediction"]["past"] == model.past_frames == 3
    assert model.weights_hash() == snapshot.weights_hash()


def test_a_folder_of_the_hub_says_how_to_predict(run, tmp_path):
    export(load_snapshot(run), tmp_path / "hub", "hub")
    text = (tmp_path / "hub" / "README.md").read_text()
    assert "generate.py prediction --source=video.mp4" in text
    assert "continues their first 3 frames" in text
    assert "samples" not in text
    assert not (tmp_path / "hub" / "samples.webp").exists()


def test_onnx_takes_the_past(run, tmp_path):
    pytest.importorskip("tf2onnx")
    export(load_snapshot(run), tmp_path / "exported", "onnx")
