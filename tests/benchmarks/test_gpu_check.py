"""The check of a GPU, on the CPU and at its smallest."""

import re

from benchmarks import gpu_check

TINY = [
    "growth.ladder=4x4x4 4x8x8",
    "growth.resolution=8",
    "growth.num_frames=4",
    "growth.feature_maps_max=4",
    "schedule.minibatch=4",
    "train.total_kimg=0.02",
    "train.steps_per_call=2",
]


def lines(part, *flags):
    return list(gpu_check.PARTS[part](gpu_check.parse(["", *flags, "--set", *TINY])))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_devices_are_named():
    text = "\n".join(lines("devices"))
    assert "| tensorflow | 2." in text
    assert "/physical_device:CPU:0" in text


def test_float32_is_more_exact_than_bfloat16():
    _, single, _, half = map(cells, lines("numbers", "--clips=1"))
    assert [single[0], half[0]] == ["float32", "bfloat16"]
    for exact, rough in zip(single[2:4], half[2:4], strict=True):
        assert 0 < float(exact) < 1e-5 < float(rough) < 0.1


def test_terms_of_a_training_are_listed_per_device():
    head, _, *calls = map(cells, lines("training", "--minutes=60"))  # It ends before.
    assert head[:2] == ["clips", "rung"]
    assert all(name.endswith("CPU:0") for name in head[2:])
    assert [call[:2] for call in calls] == [["8", "4x4x4"], ["16", "4x4x4"], ["20", "4x4x4"]]


def test_a_part_that_fails_is_reported_and_the_others_follow(tmp_path, monkeypatch):
    flags = ["gpu_check.py", f"--output={tmp_path / 'found.md'}", "--parts", "training", "devices"]
    flags += ["--set", "train.no=1"]
    script = [gpu_check.__file__, *flags[1:]]
    monkeypatch.setattr(gpu_check.sys, "argv", script)
    gpu_check.main(gpu_check.parse(flags))
    text = (tmp_path / "found.md").read_text()
    assert re.search(r"## Training\n(.|\n)*Failed with status 1:\n(.|\n)*train.no", text)
    assert "| tensorflow | 2." in text.partition("## Devices")[2]
