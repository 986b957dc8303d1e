"""Clips that are wider than high pass all commands."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.commands.calls import call

TINY = [
    "growth.feature_maps_max=4",
    "network.latent_size=8",
    "network.stddev_group=2",
    "schedule.minibatch=4",
    "schedule.lod_training_kimg=0.016",
    "schedule.lod_transition_kimg=0.016",
    "train.tick_kimg=0.016",
    "train.total_kimg=0.048",
    "train.distance_ticks=2",
    "train.distance_clips=4",
    "train.running_average=0",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """32 clips at 4x4x8 and 4x8x16."""
    folder = tmp_path_factory.mktemp("data") / "wide"
    flags = ["--source_format=synthetic", "--max_clips=32", "--workers=1", "--size=8x16"]
    call("create_tfrecords", *flags, "--frames=4", f"--output={folder}")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A run of the data's own ladder with two critics, through all phases."""
    folder = tmp_path_factory.mktemp("runs") / "wide"
    tf.config.run_functions_eagerly(True)
    try:
        call("train", f"--data={data}", f"--run={folder}", "--set", "model=dual", *TINY)
    finally:
        tf.config.run_functions_eagerly(False)
    return folder


def test_the_ladder_is_that_of_the_size(data, run, capsys):
    assert json.loads((data / "metadata.json").read_text())["ladder"] == "4x4x8 4x8x16"
    growth = json.loads((run / "config.json").read_text())["config"]["growth"]
    assert (growth["ladder"], growth["resolution"]) == ("4x4x8 4x8x16", 8)
    call("display", f"--data={data}", f"--output={data}.png", "--num=2")
    assert Image.open(f"{data}.png").width > Image.open(f"{data}.png").height / 4


def test_all_phases_are_trained_and_measured(run):
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert [(line["rung"], line["fading"]) for line in history] == [
        ("4x4x8", False),
        ("4x8x16", True),
        ("4x8x16", False),
    ]
    assert history[-1]["swd"] > 0
    assert (run / "report" / "index.html").stat().st_size > 0


def test_it_is_sampled_and_exported(run, data, tmp_path, capsys):
    call("samples", f"--run={run}", "--num=3", f"--output={tmp_path}/a.npy")
    clips = np.load(tmp_path / "a.npy")
    assert clips.shape == (3, 4, 8, 16, 3)
    call("samples", f"--run={run}", "--num=4", "--plain", f"--output={tmp_path}/a.gif")
    assert Image.open(tmp_path / "a.gif").size == (2 * 128 + 2, 2 * 64 + 2)
    call("export", f"--run={run}", f"--output={tmp_path}/exported")
    module = tf.saved_model.load(str(tmp_path / "exported"))
    latents = tf.zeros([2, 8])
    assert module.signatures["serving_default"](latents)["clips"].shape == (2, 4, 8, 16, 3)
    call("distance", f"--run={run}", f"--data={data}", "--num=4")
    assert "motion energy" in capsys.readouterr().out
