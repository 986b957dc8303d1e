"""evaluate.py prediction on an untrained run."""

import json
import re

import numpy as np
import pytest

from support.errors import UserError
from tests.commands.calls import call
from tests.commands.predicting import FADING, PAST, STABLE, make_run
from tests.metrics.alexnet import write_weights


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("prediction"))


def test_model_and_baselines_are_compared(run, capsys):
    call("prediction_scores", f"--run={run}", "--futures=2", "--num=4")
    out = capsys.readouterr().out
    assert re.search(
        r"kimg 0.2, 6x16x16 stable: 3 frames to 3\n4 clips of .*best of 2 futures", out
    )
    rows = {line[:14].strip(): line[14:].split() for line in out.splitlines()}
    assert list(rows)[3:7] == ["model", "copy last", "mean of past", "truth"]
    found = json.loads((run / f"prediction-any-{STABLE}.json").read_text())
    assert (found["clips"], found["futures"], found["past"]) == (4, 2, PAST)
    for name in ("model", "copy last", "mean of past"):
        measures = found["methods"][name]
        assert rows[name][0] == f"{measures['psnr']['mean']:.2f}"
        assert measures["mse"]["mean"] == pytest.approx(np.mean(measures["mse"]["frames"]))
        assert len(measures["mse"]["frames"]) == 3
    assert (run / f"prediction-any-{STABLE}.png").is_file()


def test_the_futures_of_a_clip_do_not_depend_on_the_others(run, tmp_path):
    values = []
    for num in (1, 3):
        out = tmp_path / f"{num}.json"
        call("prediction_scores", f"--run={run}", f"--num={num}", f"--output={out}")
        values.append(json.loads(out.read_text())["methods"]["model"]["mse"]["mean"])
    assert values[0] != values[1]
    call("prediction_scores", f"--run={run}", "--num=1", f"--output={tmp_path}/1.json")
    again = json.loads((tmp_path / "1.json").read_text())["methods"]["model"]["mse"]["mean"]
    assert again == values[0]


def test_a_coarser_snapshot_is_compared_at_the_full_size(run, tmp_path):
    out = tmp_path / "a.json"
    call("prediction_scores", f"--run={run}", f"--snapshot={FADING}", "--num=2", f"--output={out}")
    assert json.loads(out.read_text())["methods"]["model"]["mse_sum"]["mean"] > 0


def test_a_protocol_is_for_its_sizes(run):
    with pytest.raises(UserError, match="--protocol should be any for a generator of 3 frames to"):
        call("prediction_scores", f"--run={run}", "--protocol=bair")


def test_the_frechet_distance_is_of_whole_clips(run, tmp_path, capsys, monkeypatch):
    seen = {}

    def score(extractor, reals, fakes, *, num, seed):
        seen.update(reals=list(reals.clips(range(8))), fakes=list(fakes.clips(range(num))))
        return {"measures": {"frechet_distance": {"value": 1.5, "floor": 0.5, "floor_clips": 2}}}

    monkeypatch.setattr("scoring.features.load_extractor", lambda *arguments: None)
    monkeypatch.setattr("scoring.score.score", score)
    flags = ("--num=4", "--weights=i3d.weights.h5", f"--output={tmp_path}/a.json")
    call("prediction_scores", f"--run={run}", *flags)
    assert (
        "past included: 1.5 (floor 0.5 of reals against reals, 2 clips)" in capsys.readouterr().out
    )
    assert json.loads((tmp_path / "a.json").read_text())["frechet_distance"]["value"] == 1.5
    assert len(seen["fakes"]) == 4
    for fake in seen["fakes"]:
        assert any((fake[:PAST] == real[:PAST]).all() for real in seen["reals"])
        assert not any((fake == real).all() for real in seen["reals"])


def test_lpips_is_of_larger_frames(run, tmp_path):
    files = map(str, write_weights(tmp_path))
    with pytest.raises(UserError, match="of at least 31x31. Received: 16x16"):
        call("prediction_scores", f"--run={run}", "--num=1", "--lpips", *files)
