"""What a watcher sees of training: the monitor, with terms that no loss of ours has."""

import json
import re

import av
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from growth.phase import Lod, phase_at
from run_folder.folder import RunFolder
from run_folder.reading import read_history, terms_of
from sampling.snapshot import list_snapshots
from tests.training.toys import Reals, tiny_config, trainer_for
from training.loop import Call
from training.monitor import Monitor

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


@pytest.fixture(scope="module")
def trainer():
    return trainer_for(tiny_config())


@pytest.fixture
def run(tmp_path, trainer):
    trainer._nimg.assign(0)
    with RunFolder(tmp_path, trainer.config, DATA) as folder:
        yield folder


def _monitor(run, trainer):
    monitor = Monitor(run, trainer.config, Reals(trainer.config.ladder))
    monitor.begin(trainer)
    return monitor


def _call(monitor, trainer, steps, taken, **terms):
    """One call of `steps` steps, as the loop reports it."""
    config = trainer.config
    phase = phase_at(trainer.nimg, config.schedule, config.ladder)
    monitor.before(trainer, phase)
    trainer._nimg.assign(trainer.nimg + steps * phase.minibatch)
    terms = {name: tf.constant(float(value)) for name, value in terms.items()}
    monitor.after(trainer, Call(phase, steps, taken, terms))


def test_terms_are_means_over_the_tick_by_the_steps_taken(run, trainer, capsys):
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=2, taken=1, surprise=1)
    assert read_history(run.path) == []
    _call(monitor, trainer, steps=2, taken=2, surprise=4)  # 16 clips: a tick.
    (line,) = read_history(run.path)
    assert (line["tick"], line["nimg"], line["rung"], line["fading"]) == (1, 16, "4x4x4", False)
    assert line["surprise"] == pytest.approx((1 * 1 + 2 * 4) / 3)
    printed = capsys.readouterr().out
    assert "4x4x4 stable: tracing the step ..." in printed
    assert "  surprise 3  " in printed
    status = json.loads((run.path / "status.json").read_text())
    assert (status["state"], status["nimg"], status["total_kimg"]) == ("training", 16, 0.2)
    assert status["seconds_left"] > 0
    assert re.search(r"  about \d+s left\n", printed)


def test_calls_that_did_not_compute_a_term_do_not_count_for_it(run, trainer):
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=2, taken=2, rare=3, never=np.nan)
    _call(monitor, trainer, steps=2, taken=2, rare=np.nan, never=np.nan)
    (line,) = read_history(run.path)
    assert line["rare"] == 3
    assert "never" not in line


def test_a_tick_without_a_finite_step_has_no_terms(run, trainer):
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=4, taken=0, surprise=0)
    (line,) = read_history(run.path)
    assert "surprise" not in line


def test_pictures_and_snapshots_are_written_at_the_end_of_a_phase(run, trainer):
    monitor = _monitor(run, trainer)
    for _ in range(2):
        _call(monitor, trainer, steps=4, taken=4, surprise=1)
    assert list_snapshots(run.path)[-1] == 32
    names = {path.name for path in (run.path / "samples").iterdir()}
    assert {"fakes-000000032.png", "fakes-000000032.mp4", "reals-4x4x4.png"} <= names


def test_it_begins_again_where_the_history_ends(run, trainer):
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=4, taken=4, surprise=1)
    monitor.begin(trainer)  # As after a rollback.
    _call(monitor, trainer, steps=4, taken=4, surprise=2)
    assert [(line["tick"], line["surprise"]) for line in read_history(run.path)] == [(1, 1), (2, 2)]


def test_a_tick_in_which_training_resumed_is_marked(run, trainer):
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=4, taken=4, surprise=1)
    _call(monitor, trainer, steps=2, taken=2, surprise=9)  # Lost with the process.
    monitor = _monitor(run, trainer)
    _call(monitor, trainer, steps=2, taken=2, surprise=3)
    _call(monitor, trainer, steps=4, taken=4, surprise=5)
    history = read_history(run.path)
    assert [line.get("resumed_at_kimg") for line in history] == [None, 0.024, None]
    assert [line["surprise"] for line in history] == [1, 3, 5]
    assert terms_of(history) == ["surprise"]


class Same(Reals):
    def dataset(self, *arguments):
        return super().dataset(*arguments).map(lambda b: b._replace(clips=0 * b.clips))


def test_reals_without_a_distance_are_trained_without_it(run, trainer, capsys):
    monitor = Monitor(run, trainer.config, Same(trainer.config.ladder))
    assert "no distance: its first 16 clips are the same." in capsys.readouterr().out
    monitor.begin(trainer)
    monitor.ticks = trainer.config.train.distance_ticks - 1  # The next tick has one.
    _call(monitor, trainer, steps=4, taken=4, surprise=1)
    (line,) = read_history(run.path)
    assert line["surprise"] == 1
    assert "swd" not in line


def test_few_reals_are_warned_of(run, trainer, capsys):
    _monitor(run, trainer)
    assert "Warning: The data set has 64 clips: a distance of 8 depends" in capsys.readouterr().out


def test_a_distance_that_does_not_fall_is_noted(run, trainer, capsys, monkeypatch):
    config = tiny_config("train.distance_ticks=1", "train.distance_patience=2")
    monkeypatch.setattr(trainer, "config", config)
    monitor = _monitor(run, trainer)
    swds = iter([80.0, 90.0, 100.0, 70.0])
    monkeypatch.setattr(
        "training.monitor.measure_distance",
        lambda *_: {"swd": next(swds), "swd_floor": 40.0, "distance_clips": 8},
    )
    notes = []
    for _ in range(2):  # One tick per call, to the end of the phase.
        _call(monitor, trainer, steps=4, taken=4, surprise=1)
        printed = capsys.readouterr().out
        assert ".0 (floor 40.0, 8 clips)  about " in printed
        notes.append("Note: " in printed)
    trainer._nimg.assign(16)
    _call(monitor, trainer, steps=4, taken=4, surprise=1)
    assert notes == [False, False]
    assert (
        "Note: no smaller distance in 2 measurements. It was 2.00 times its floor at kimg 0.016, "
        "and is 2.50 times now. --snapshot=best takes" in capsys.readouterr().out
    )
    assert list_snapshots(run.path) == [16, 32]  # One for each distance, at least.


def test_histograms_are_of_the_weights_in_use(run, trainer, monkeypatch):
    monkeypatch.setattr(trainer, "config", tiny_config("train.histogram_ticks=2"))
    monitor = _monitor(run, trainer)
    for _ in range(2):
        _call(monitor, trainer, steps=4, taken=4)
    events = EventAccumulator(str(run.path)).Reload()
    names = [tag for tag in events.Tags()["tensors"] if tag.startswith("weights/")]
    assert {name.split("/")[1] for name in names} == {"G", "D"}
    D = trainer.model.networks["D"]
    live = D.live_layers(Lod(0))
    assert len(live) < len(D.live_layers(Lod(trainer.config.ladder.top)))
    variables = {f"weights/D/{v.path}" for layer in live for v in layer.trainable_variables}
    assert {name for name in names if name.startswith("weights/D/")} == variables
    (event,) = events.Tensors(names[0])  # At the second tick alone.
    assert event.step == 32


def test_pictures_play_at_the_rate_of_the_data_set(tmp_path, trainer):
    trainer._nimg.assign(0)
    for name, data, fps in (("a", DATA | {"fps": 12.5}, 12.5), ("b", DATA, 8)):
        with RunFolder(tmp_path / name, trainer.config, data) as run:
            _call(_monitor(run, trainer), trainer, steps=4, taken=4)
        (video, *_) = sorted((tmp_path / name / "samples").glob("fakes-*.mp4"))
        with av.open(str(video)) as container:
            assert container.streams.video[0].average_rate == fps
    # A run that is resumed keeps the rate with which it was started.
    with RunFolder(tmp_path / "a", trainer.config, DATA) as run:
        assert run.fps == 12.5
