"""What happens to runs: kills, a full disk, NaN, days; each fault is made, to train.py itself."""

import json
import random
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.train_command import TINY, command, make_data, run_script

CALL = 0.016  # kimg of 4 minibatches of 4: a call, a tick and the time between two checkpoints
OFTEN = [f"train.tick_kimg={CALL}", "train.checkpoint_minutes=0", "train.distance_ticks=0"]
OFTEN += [f"schedule.{key}={6 * CALL}" for key in ("lod_training_kimg", "lod_transition_kimg")]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture(scope="module")
def uninterrupted(data, tmp_path_factory, soak):
    """All that a run leaves behind; it is longer where there are more kills."""
    run = tmp_path_factory.mktemp("whole") / "run"
    flags = [*_flags(data, run), f"train.total_kimg={_total(soak)}"]
    done = run_script("train.py", *flags)
    assert done.returncode == 0, done.stderr
    return _variables(run)


def test_killed_at_any_moment_it_ends_with_the_same_bytes(data, uninterrupted, tmp_path, soak):
    run = tmp_path / "run"
    flags = [*_flags(data, run), f"train.total_kimg={_total(soak)}"]
    moments = ["fading 0.", "saving"]
    if soak:  # At random, at both changes of rung, within the fade, while it saves.
        moments = ["tick", "saving", "kimg 0.10 ", "fading 0.", "saving", "kimg 0.19 "]
        moments += ["saving", *3 * ["tick"]]
    seen = 0.0
    for moment in moments:
        begun, shown = _killed(flags, run, moment)
        assert seen - begun <= CALL + 0.005  # One interval is repeated; kimg is shown rounded.
        seen = max(seen, shown)
    done = run_script("train.py", *flags)
    assert done.returncode == 0, done.stderr
    found = _variables(run)
    assert found.keys() == uninterrupted.keys()
    for name, value in uninterrupted.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    kimg = [json.loads(line)["kimg"] for line in (run / "history.jsonl").read_text().splitlines()]
    assert kimg == sorted(set(kimg))
    assert json.loads((run / "status.json").read_text())["state"] == "finished"


def _flags(data, run):
    return ["--deterministic", f"--data={data}", f"--run={run}", *TINY, *OFTEN]


def _total(soak):
    return 1.0 if soak else 0.4


def _train(flags):
    return subprocess.Popen(command("train.py", *flags), stdout=subprocess.PIPE, text=True)


def _killed(flags, run, moment):
    """Kills a run at a moment; returns the kimg from which it resumed, and the last it showed."""
    with subprocess.Popen(
        command("train.py", *flags), stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if "from kimg" in line:
                begun = shown = float(line.split("from kimg ")[1])
                if moment == "saving":
                    _wait_for_saving(run)
                    break
            if line.startswith("tick"):
                shown = float(line.split("kimg ")[1].split()[0])
                if moment in line:
                    time.sleep(random.Random(shown).uniform(0, 0.3) if moment == "tick" else 0)
                    break
        else:
            raise AssertionError(f"it should come to {moment}")
        assert process.poll() is None
        process.kill()
    return begun, shown


def _wait_for_saving(run):
    for _ in range(60000):
        if json.loads((run / "status.json").read_text())["state"] == "saving":
            return
        time.sleep(0.001)
    raise AssertionError("it should save")


def _variables(run: Path):
    newest = max((run / "checkpoints").glob("*.index")).with_suffix("")
    reader = tf.train.load_checkpoint(str(newest))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_a_full_disk_ends_a_run_that_goes_on_once_there_is_room(data, tmp_path):
    script = tmp_path / "script"
    run = tmp_path / "disk" / "run"
    flags = [f"--data={data}", f"--run={run}", *TINY, *OFTEN]
    train = " ".join(f"'{part}'" for part in command("train.py", *flags))
    script.write_text(
        f"""
        mount -t tmpfs -o size=5m tmpfs {run.parent} || exit 77
        {train} > {tmp_path}/first 2>&1
        echo $? > {tmp_path}/status
        mount -o remount,size=100m {run.parent}
        {train}
        """
    )
    run.parent.mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", script], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("no file system can be mounted here")
    told = (tmp_path / "first").read_text()
    assert (tmp_path / "status").read_text() == "1\n", told
    assert "Traceback" not in told
    assert "No space left on device" in told
    assert done.returncode == 0, done.stderr
    assert "Finished" in done.stdout


def test_training_that_explodes_goes_back_and_ends_with_a_diagnosis(data, tmp_path):
    run = tmp_path / "run"
    flags = [f"--data={data}", f"--run={run}", *TINY, "train.tick_kimg=0.01"]
    done = run_script(
        "train.py", *flags, "schedule.generator_rate=1e30", "train.skips_before_rollback=6"
    )
    assert done.returncode == 1
    assert done.stdout.count("Back to kimg 0 with other noise") == 3
    assert "skipped" in done.stdout
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "Training diverged: NaN or infinity in " in told
    assert "at 4x4x4" in told
    assert "Traceback" not in done.stderr
    status = json.loads((run / "status.json").read_text())
    assert status["state"] == "failed"
    assert status["sentence"] == told.removeprefix("Error: ")
    assert status["skipped"] > 0


def test_a_folder_that_cannot_be_written_is_refused(data):
    done = run_script("train.py", f"--data={data}", "--run=/proc/self/run", *TINY)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (
        "Error: Cannot create the folder /proc/self/run: the file system does not allow it"
        in done.stderr
    )


def test_memory_stays_flat(data, tmp_path, soak):
    """Over 200 steps, or 2,000: pictures, events and checkpoints at every fifth call."""
    steps = 2000 if soak else 200
    flags = [f"--data={data}", f"--run={tmp_path / 'run'}", *TINY]
    flags += ["train.tick_kimg=0.08", "train.checkpoint_minutes=0", "train.keep_checkpoints=1"]
    flags += ["schedule.lod_training_kimg=0.04", "schedule.lod_transition_kimg=0.04"]
    flags += [f"train.total_kimg={steps * 4 / 1000}", "train.distance_ticks=0"]
    with subprocess.Popen(
        command("train.py", *flags), stdout=subprocess.PIPE, text=True
    ) as process:
        memory = [_resident(process) for line in process.stdout if line.startswith("tick")]
    assert process.returncode == 0
    half = memory[len(memory) // 2 : -1]  # Without the last distance.
    growth = np.mean(half[-3:]) - np.mean(half[:3])
    assert growth < 10e6, [round(m / 1e6) for m in memory]


def _resident(process):
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * 4096
