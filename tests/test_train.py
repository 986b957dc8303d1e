"""train.py as users run it: a process, a folder of data, a run folder."""

import json
import math
import os
import shutil
import signal
import subprocess

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.dataset.videos import noisy, write_video
from tests.train_command import TINY, command, make_data, run_script


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data") / "shapes")


def test_interrupted_and_resumed_to_the_end(data, tmp_path):
    run = tmp_path / "run"
    flags = [f"--data={data}", f"--run={run}", *TINY]
    process = subprocess.Popen(
        command("train.py", *flags, "train.total_kimg=1000"),  # Until it is stopped.
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "tick 1 " not in process.stdout.readline():
        assert process.poll() is None, process.stderr.read()
    second = run_script("train.py", *flags)
    assert second.returncode == 1
    assert "another process trains" in second.stderr
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "again to resume" in out

    saved = float(out.split("saved at kimg ")[1].split(". ")[0])
    total = math.ceil((max(saved, 0.4) + 0.2) * 50) / 50  # Whole minibatches.
    # Data set and settings are those of the run.
    resumed = run_script("train.py", f"--run={run}", "--set", f"train.total_kimg={total}")
    assert resumed.returncode == 0, resumed.stderr
    assert f"on CPU:0, from kimg {saved:g}\n" in resumed.stdout
    assert "4x8x8 stable: tracing the step ..." in resumed.stdout
    assert "Finished" in resumed.stdout
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    kimg = [line["kimg"] for line in history]
    assert kimg == sorted(set(kimg))
    assert kimg[-1] == total
    assert {(line["rung"], line["fading"]) for line in history} == {
        ("4x4x4", False),
        ("4x8x8", True),
        ("4x8x8", False),
    }
    assert history[-1]["swd"] > 0
    assert history[-1]["swd_floor"] > 0
    for file in (
        f"checkpoints/ckpt-{round(total * 1000):09d}.json",
        f"snapshots/gs-{round(total * 1000):09d}.weights.h5",
        f"samples/fakes-{round(total * 1000):09d}.mp4",
        f"samples/fakes-{round(total * 1000):09d}.png",
        "samples/reals-4x8x8.png",
        "log.txt",
        "starts.jsonl",
        "report/index.html",
    ):
        assert (run / file).stat().st_size > 0, file
    _check_events(run)
    _check_scripts_that_follow(data, run)


def _check_scripts_that_follow(data, run):
    made = run_script("generate.py", "samples", f"--run={run}", "--num=4", "--format=gif")
    assert made.returncode == 0, made.stderr
    assert (run / "samples.gif").stat().st_size > 0
    scored = run_script("evaluate.py", "distance", f"--run={run}", f"--data={data}", "--num=8")
    assert scored.returncode == 0, scored.stderr
    assert "motion energy" in scored.stdout
    assert "8 of 8 fakes compared" in scored.stderr
    failed = run_script(
        "evaluate.py", "distance", f"--run={run}", f"--data={data}", "--max_distance=1"
    )
    assert failed.returncode == 1
    assert "should be at most 1" in failed.stderr


def _check_events(run):
    events = EventAccumulator(str(run)).Reload()
    tensors = set(events.Tags()["tensors"])
    assert {
        "loss/critic",
        "loss/gradient_penalty",
        "loss/projection_penalty",
        "loss/score_gap",
        "loss/D_gradient_norm",
        "schedule/lod",
        "schedule/generator_rate",
        "speed/clips_per_sec",
        "distance/sliced_wasserstein",
        "clips/fakes",
        "clips/reals",
    } <= tensors
    texts = {f"run/{name}" for name in ("description", "data_set", "starts")}
    assert {*texts, "custom_scalars__config__"} <= tensors
    picture = events.Tensors("clips/fakes")[0].tensor_proto.string_val[2]
    assert picture.startswith(b"\x89PNG")
    assert b"acTL" in picture  # It is animated.


def test_dry_run_prints_the_tables_and_needs_no_data(tmp_path):
    done = run_script("train.py", "--config=faces", "--dry_run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for text in ("3702091", "3705672", "16640", "7200 to 12000", "32x256x256"):
        assert text in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--config=face"], "--config should be one of faces"),
        (["--set", "train.totl_kimg=1"], "Nearest: train.total_kimg"),
        (["--data=nowhere"], "nowhere"),
        (["--config=demo", "--data=DATA"], "ladder"),
        (["--data=DATA", *TINY, "--devices=GPU:7"], "--devices should be among CPU:0"),
        (["--data=DATA", *TINY, "network.stddev_group=3"], "schedule.minibatch"),
        (["--data=DATA", *TINY, "schedule.lod_training_kimg=0.001"], "two minibatches"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(data, tmp_path, flags, sentence):
    flags = [flag.replace("DATA", str(data)) for flag in flags]
    done = run_script("train.py", f"--run={tmp_path / 'run'}", *flags, cwd=tmp_path)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1, done.stderr
    assert sentence in told[0]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_bare_commands_of_a_folder_of_videos(tmp_path):
    """`create_tfrecords` reads videos/ and writes where `train.py` reads."""
    for name in "ab":
        write_video(tmp_path / "videos" / f"{name}.mp4", noisy(8))
    size = ["--ladder=4x4x4 4x8x8", "--resolution=8", "--num_frames=4"]
    made = run_script("dataset_tool.py", "create_tfrecords", "--config=demo", *size, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    done = run_script("train.py", *TINY, "train.total_kimg=0.02", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "runs") == ["demo"]


def test_damaged_clips_are_told_or_skipped(data, tmp_path):
    folder = shutil.copytree(data, tmp_path / "data")
    shard = folder / "4x4x4/00000.tfrecord"
    flipped = bytearray(shard.read_bytes())
    flipped[-10] ^= 1
    shard.write_bytes(flipped)
    flags = [f"--data={folder}", f"--run={tmp_path / 'run'}", *TINY, "train.total_kimg=0.02"]
    done = run_script("train.py", *flags)
    assert done.returncode == 1
    assert f"{shard}: its SHA-256 is not that of the metadata" in done.stderr
    assert not (tmp_path / "run").exists()
    done = run_script("train.py", "--skip_damaged", *flags)
    assert done.returncode == 0, done.stderr
    assert "31 clips (1 damaged ones skipped: 4x4x4/00000.tfrecord, record 31 ...)" in done.stdout


def test_an_unchecked_data_set_trains_until_a_fault_is_met(data, tmp_path):
    folder = shutil.copytree(data, tmp_path / "data")
    (folder / "4x8x8/00000.tfrecord").unlink()
    flags = [f"--data={folder}", f"--run={tmp_path / 'run'}", *TINY, "train.total_kimg=0.02"]
    done = run_script("train.py", "--check=none", *flags)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "run/data_files.json").exists()
