"""evaluate.py in the process, on a run that a test made."""

from types import SimpleNamespace

import pytest

import evaluate
from support.errors import UserError
from tests.training.toys import Reals, tiny_config, trainer_for, write_config
from training.snapshot import save_snapshot


@pytest.fixture
def run(tmp_path, monkeypatch):
    config = tiny_config()
    write_config(tmp_path, config)
    save_snapshot(tmp_path, trainer_for(config).networks.Gs, 32)
    monkeypatch.setattr(evaluate, "ClipPipeline", lambda *_: Reals(config.ladder))
    return tmp_path


def _distance(run, **flags):
    flags = {"most_distance": None, "motion_within": None, **flags}
    evaluate.distance(SimpleNamespace(run=run, data="data", snapshot=None, num=16, **flags))


def test_distance_and_motion_beside_those_of_the_reals(run, capsys):
    _distance(run, most_distance=1e9, motion_within=[0.001, 1000])
    out = capsys.readouterr().out
    assert "reals against reals" in out
    assert "grey levels a frame" in out


def test_bounds_that_do_not_hold_are_told(run):
    with pytest.raises(UserError, match="at most 1. Received"):
        _distance(run, most_distance=1.0)
    with pytest.raises(UserError, match="The motion energy should be"):
        _distance(run, motion_within=[0.999, 1.001])
