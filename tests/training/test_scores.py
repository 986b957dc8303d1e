from types import SimpleNamespace

import pytest

from growth.phase import phase_until
from run_folder.folder import RunFolder
from run_folder.reading import read_scores
from sampling.snapshot import Snapshot
from support.errors import UserError
from tests.scoring.toys import Clips, toy_extractor
from tests.training.toys import tiny_config, trainer_for
from training import scores as module
from training.scores import Scores

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}
WEIGHTS = "metrics.weights=c3d.weights.h5"


@pytest.fixture
def pipeline(tmp_path, monkeypatch):
    """What `Scores` asks of a `ClipPipeline`; the network is a toy."""
    monkeypatch.setattr(module, "RecordClips", lambda folder, rung, classes: Clips(40))
    monkeypatch.setattr(module, "load_extractor", lambda *_: toy_extractor())
    return SimpleNamespace(records=SimpleNamespace(folder=tmp_path / "data"))


def _scores(run, pipeline, *settings):
    return Scores(run, tiny_config(*settings), pipeline)


def test_when_scores_are_due(pipeline):
    scores = _scores(None, pipeline, WEIGHTS, "metrics.every_kimg=0.05")
    assert not scores.is_due(0, 49, last=False)
    assert scores.is_due(0, 50, last=False)
    assert not scores.is_due(50, 99, last=False)
    assert scores.is_due(99, 160, last=False)
    assert scores.is_due(160, 200, last=True)  # The end.


def test_by_default_there_are_none():
    assert not Scores(None, tiny_config(), None).is_due(0, 200, last=True)
    with pytest.raises(UserError, match="`metrics.weights` should name a file"):
        tiny_config("metrics.every_kimg=1")


def test_a_score_is_a_line_and_later_ones_are_forgotten(tmp_path, pipeline):
    config = tiny_config(WEIGHTS, "metrics.every_kimg=0.05", "metrics.clips=4")
    trainer = trainer_for(config)
    with RunFolder(tmp_path / "run", config, DATA) as run:
        run.restore_latest(trainer)
        scores = Scores(run, config, pipeline)
        for nimg in (32, 64, 96):
            phase = phase_until(nimg, config.schedule, config.ladder)
            scores.measure(Snapshot(config, phase, trainer.model.networks["Gs"]), nimg)
        trainer._nimg.assign(64)
        run.save(trainer)
    lines = read_scores(tmp_path / "run")
    assert [line["nimg"] for line in lines] == [32, 64, 96]
    assert lines[0]["frechet_distance"] > 0
    assert lines[0]["details"]["fakes"]["scored"] == 4
    with RunFolder(tmp_path / "run", config, DATA) as run:
        run.restore_latest(trainer)
    assert [line["nimg"] for line in read_scores(tmp_path / "run")] == [32, 64]
