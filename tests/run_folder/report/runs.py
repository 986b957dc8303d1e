"""Run folders for reports: all files that a run leaves, without training."""

import datetime
import json

import numpy as np

from config import demo
from support.media import write_clip
from tests.support.test_plots import made_up_history

COMMAND = "train.py --config=demo"
DATA_SET = {
    "folder": "datasets/<shapes>",
    "ladder": "4x4x4 8x8x8",
    "clips": 96,
    "fps": 12.5,
    "encoding": {"4x4x4": "raw", "8x8x8": "raw"},
    "bytes": 12_300_000,
    "labels": [("left", 64), ("right", 32)],
    "rates": [("12.5", 90), ("25", 6)],
    "lengths": [("8", 96)],
    "rejected": 1,
    "reasons": ["broken.mp4: should be whole"],
    "command": "python dataset_tool.py create_tfrecords --config=demo",
}


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def score(kimg, value):
    line = {"nimg": round(kimg * 1000), "kimg": kimg, "protocol": "thesis"}
    details = {"network": {"sha256": "0" * 64}}
    return line | {"inception_score": value, "inception_score_reals": 7.5, "details": details}


OF_HISTORY = (  # Phases as in `made_up_history`.
    "schedule.lod_training_kimg={4: 4}",
    "schedule.lod_transition_kimg={4: 4}",
    "train.total_kimg=28",
)


def make_run(folder, *settings, ticks=(4, 16, 28), **status):
    """A finished run of the preset demo, or one with this status."""
    config = demo().override([*OF_HISTORY, *settings])
    now = datetime.datetime.now(datetime.UTC)
    (folder / "samples").mkdir(parents=True)
    (folder / "snapshots").mkdir()
    data = {"folder": DATA_SET["folder"], "sha256": "d" * 64, "fps": 12.5}
    description = {"config": config.as_dict(), "data": data, "versions": {"keras": "3"}}
    (folder / "config.json").write_text(json.dumps(description))
    history = made_up_history()
    for tick, line in enumerate(history):
        line |= {"lod": 3 - tick // 4 / 2, "skipped": 3 if line["kimg"] >= 9 else 0}
    write_lines(folder / "history.jsonl", history)
    write_lines(folder / "scores.jsonl", [score(10.0, 3.5), score(20.0, 4.5)])
    start = {"command": COMMAND, "commit": "c" * 40, "host": "box", "devices": ["GPU:0"]}
    start |= {"time": now.isoformat(), "versions": {"keras": "3"}}
    write_lines(folder / "starts.jsonl", [start | {"kimg": 0.0}, start | {"kimg": 11.5}])
    status = {"state": "finished", "sentence": "", "time": now.isoformat()} | status
    (folder / "status.json").write_text(json.dumps(status))
    (folder / "log.txt").write_text("T1 tick 1\nT2 Warning: <few> clips.\nT3 Note: it rises.\n")
    card = {"name": "demo", "nimg": 28000, "distance": {"swd": 12.5}, "config": {}}
    (folder / "snapshots/gs-000028000.json").write_text(json.dumps(card))
    random = np.random.default_rng(0)
    for name in [*(f"fakes-{1000 * tick:09d}" for tick in ticks), "reals-8x32x32"]:
        clip = random.integers(0, 256, (8, 66, 66, 3), np.uint8)
        write_clip(folder / f"samples/{name}.mp4", clip)
    return folder


def add_neighbours(run):
    """The files of `evaluate.py memorisation`."""
    found = {"ratio": 0.93, "nearest": 4.25, "fakes": {}, "reals": {}}
    (run / "memorisation-28000.json").write_text(json.dumps(found))
    write_clip(run / "memorisation-28000.png", np.zeros((1, 40, 700, 3), np.uint8))
