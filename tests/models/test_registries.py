"""A loss or a model in one file is all that it takes: the rest of the house knows none by name."""

import json

import numpy as np
import pytest
import tensorflow as tf

from commands.train import watchers_of
from config import preset
from losses import LOSSES
from run_folder.folder import RunFolder
from run_folder.reading import read_config, terms_of
from sampling.latents import sample_latents
from sampling.snapshot import list_snapshots, load_snapshot
from support.errors import UserError
from support.plots import plot_curves
from tests.models.toys import ToyLoss, register_toy
from tests.training.toys import Reals, tiny_config, trainer_for
from training.dry_run import describe
from training.loop import train

SMALL = ["growth.ladder=4x4x4 4x8x8", "growth.resolution=8", "growth.num_frames=4"]
SMALL += ["train.total_kimg=0.096", "train.distance_ticks=0"]
DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}
TOYS = {
    "loss": ("loss=toy", "loss.weight=0.2"),
    "model": ("model=toy", "model.clip=0.02"),
    "dual": ("model=dual", "loss=lsgan"),
}


@pytest.fixture(params=TOYS)
def settings(monkeypatch, request):
    monkeypatch.setitem(LOSSES, "toy", ToyLoss)
    register_toy(monkeypatch)
    return TOYS[request.param]


class Clips(Reals):
    """Reals with the words that a run prints of them."""

    def describe(self):
        return "64 clips"


def _run(path, config, until):
    """What train.py does with a run folder, up to a number of clips."""
    clips, trainer = Clips(config.ladder), trainer_for(config)
    with RunFolder(path, config, DATA) as run:
        run.restore_latest(trainer)
        train(trainer, clips, watchers_of(run, config, clips, 0), until=until)
    return trainer


def test_a_toy_trains_through_all_phases_and_resumes(settings, eager, tmp_path, capsys):
    config = tiny_config(*settings, *SMALL)
    _run(tmp_path, config, until=56)  # Within the fade.
    trainer = _run(tmp_path, config, until=96)
    assert trainer.nimg == 96
    names = {name for step in trainer.model.steps() for name in getattr(step, "term_names", ())}
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").open()]
    assert [(line["rung"], line["fading"]) for line in history[1::2]] == [
        ("4x4x4", False),
        ("4x8x8", True),
        ("4x8x8", False),
    ]
    assert all(np.isfinite([line[name] for name in names]).all() for line in history)
    assert {f"loss/{name}" for name in names} <= _scalars(tmp_path)
    assert all(f"  {name} " in capsys.readouterr().out for name in sorted(names)[:1])
    assert set(terms_of(history)) >= names
    plot_curves(history, terms_of(history), tmp_path / "curves.png", "toy")
    assert (tmp_path / "curves.png").stat().st_size > 0
    assert read_config(tmp_path) == config
    snapshot = load_snapshot(tmp_path, list_snapshots(tmp_path)[-1])
    clips = snapshot.sample(sample_latents(3, config.latent_size, seed=0))
    assert clips.shape == (3, 4, 8, 8, 3)
    sampled = trainer.model.networks[trainer.model.sampled]
    for kept, trained in zip(snapshot.generator.get_weights(), sampled.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, trained)


def test_a_toy_is_described_before_training(settings):
    text = describe(tiny_config(*settings))
    for setting in settings:
        assert setting.partition("=")[2] in text
    assert "8x16x16" in text


def test_an_unknown_model_is_refused():
    with pytest.raises(UserError, match="`model` should be one of progressive.* Received: nothing"):
        describe(preset("demo").override(["model=nothing"]))


def _scalars(run):
    """The names in the event files of a run."""
    names = set()
    for file in run.glob("events*"):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            names |= {value.tag for value in event.summary.value}
    return names
