"""The driver of experiments, with a training that takes no time."""

import json
import sys

import pytest

from benchmarks import experiment
from run_folder.reading import HISTORY

TABLE = {
    "flags": ["--config=demo"],
    "seeds": [0, 1],
    "settings": {"plain": [], "small batch": ["schedule.minibatch.4=4"]},
}
DISTANCES = {"swd": 80.0, "swd_spatial": 90.0, "swd_temporal": 100.0, "motion": 15.0}
FLOORS = {"swd_floor": 40.0, "swd_spatial_floor": 30.0, "swd_temporal_floor": 20.0}
LINE = DISTANCES | FLOORS | {"motion_reals": 12.0, "kimg": 1.0, "rung": "4x4x4"}


@pytest.fixture
def trainings(monkeypatch, tmp_path):
    """The commands that were run; the run "small batch" of seed 1 fails the first time."""
    commands = []

    def run(command, log, note):
        commands.append(command)
        note(2.5)
        path = next(flag.partition("=")[2] for flag in command if flag.startswith("--run="))
        if path.endswith("small_batch-1") and stop.pop("status", None):
            return 130
        run = tmp_path / "out" / "runs" / path
        run.mkdir()
        line = LINE | {"distance_clips": 64, "nimg": 1000, "tick": 1, "lod": 0.0}
        line |= {"fading": False, "seconds": 2.0, "sec_per_kimg": 2.0}
        (run / HISTORY).write_text(json.dumps(line) + "\n")
        return 0

    stop = {"status": 130}
    monkeypatch.setattr(experiment, "run_counted", run)
    (tmp_path / "table.json").write_text(json.dumps(TABLE))
    flags = [f"{tmp_path}/table.json", f"--data={tmp_path}", f"--output={tmp_path}/out"]
    monkeypatch.setattr(sys, "argv", ["experiment.py", *flags])
    return commands


def test_what_is_done_is_not_repeated(trainings, tmp_path, capsys):
    with pytest.raises(SystemExit, match="130"):
        experiment.main()
    assert len(trainings) == 4
    experiment.main()
    assert len(trainings) == 5
    assert "schedule.minibatch.4=4" in trainings[-1]
    assert "train.seed=1" in trainings[-1]
    rows = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").open()]
    assert [(row["name"], row["seed"]) for row in rows] == [
        ("plain", 0),
        ("small batch", 0),
        ("plain", 1),
        ("small batch", 1),
    ]
    assert rows[0]["cpu_seconds"] == 2.5
    printed = capsys.readouterr().out
    assert "| small batch | 80.0 (80.0, 80.0) |" in printed
