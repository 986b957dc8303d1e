"""The tool from the outside: as a process where the exit status counts, else by its functions."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dataset_tool
from dataset.records import Records, open_records
from support.errors import UserError
from tests.dataset.videos import cut, noisy, write_video

ROOT = Path(dataset_tool.__file__).parent


def command(*arguments):
    return [sys.executable, str(ROOT / "dataset_tool.py"), *map(str, arguments)]


def run_process(*arguments, cwd=ROOT):
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, check=False)


def run(*arguments):
    """Runs a command in this process."""
    args = dataset_tool.parse(["dataset_tool.py", *map(str, arguments)])
    return dataset_tool.main(args)


def create(source, output, *more):
    run("create_tfrecords", "--config=demo", f"--source={source}", f"--output={output}", *more)
    return open_records(output)


def test_the_bare_command_reads_videos_and_writes_datasets(tmp_path):
    write_video(tmp_path / "videos/a.mp4", noisy(40))
    write_video(tmp_path / "videos/b.avi", noisy(20))
    done = run_process("create_tfrecords", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Rejected: 1, all listed in datasets/faces/rejected.txt" in done.stdout
    assert "b.avi should have at least 32 frames. Received: 20" in done.stdout
    assert str(Records(tmp_path / "datasets/faces").ladder).endswith(" 32x256x256")


def test_bad_input_is_one_sentence_and_status_1(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").write_text("no video")
    done = run_process("create_tfrecords", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"^Error: All 1 sources are rejected: a.mp4 should .*$", done.stderr, re.M)
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "datasets").iterdir()) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_leaves_nothing(tmp_path, number, status):
    arguments = ("--source_format=synthetic", f"--output={tmp_path}/x/new", "--max_clips=10000")
    process = subprocess.Popen(
        command("create_tfrecords", *arguments),
        # A shell's background jobs ignore SIGINT, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not (tmp_path / "x").exists() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    assert list((tmp_path / "x").iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["create_tfrecords", "--frob=1"], ["info"], []], ids=str
)
def test_wrong_flags_have_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as info:
        run(*arguments)
    assert info.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["create_tfrecords", "info", "verify", "display"])
def test_help(name, capsys):
    with pytest.raises(SystemExit) as info:
        run(name, "--help")
    assert info.value.code == 0
    assert "--help" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--resolution=48", "`resolution` should be a power of two. Received: 48"),
        ("--num_frames=6", "`num_frames` should be a power of two. Received: 6"),
        ("--ladder=steps", "`ladder` should be one of .* Received: 'steps'"),
        ("--config=none", "--config should be one of .* Received: none"),
        ("--source=absent", "--source should be a file or a folder. Received: absent"),
        ("--workers=0", "--workers should be at least 1. Received: 0"),
        ("--frame_stride=0", "--frame_stride should be at least 1. Received: 0"),
        ("--shards=101", "--shards should be in 1 to 100. Received: 101"),
        ("--seed=-1", "--seed should be at least 0. Received: -1"),
        ("--labels=folders", "--labels=folders should .* Received: "),
        ("--short=error", "a.mp4 should have at least 8 frames. Received: 5"),
    ],
)
def test_a_wrong_value_is_said(tmp_path, flag, message):
    write_video(tmp_path / "in/a.mp4", noisy(5))
    with pytest.raises(UserError, match=message):
        create(tmp_path / "in", tmp_path / "out/new", flag)
    assert not (tmp_path / "out/new").exists()


def test_an_existing_data_set_is_kept(tmp_path):
    create("", tmp_path / "new", "--source_format=synthetic", "--max_clips=1")
    with pytest.raises(UserError, match="should not exist yet"):
        create("", tmp_path / "new", "--source_format=synthetic", "--max_clips=2")
    assert len(Records(tmp_path / "new")) == 1


def test_half_a_video_beside_a_whole_one(tmp_path):
    write_video(tmp_path / "in/a/whole.mp4", noisy(9))
    cut(write_video(tmp_path / "in/b/half.avi", noisy(40)))
    records = create(tmp_path / "in", tmp_path / "new", "--labels=folders")
    assert len(records) == 1
    assert records.label_names == ["a", "b"]
    assert (tmp_path / "new/rejected.txt").read_text().startswith("b/half.avi\tshould ")


def test_info_verify_and_display(tmp_path, capsys):
    folder = tmp_path / "new"
    create("", folder, "--source_format=synthetic", "--max_clips=4", "--resolution=16")
    capsys.readouterr()
    run("info", f"--data={folder}", "--json")
    assert json.loads(capsys.readouterr().out)["clips"] == 4
    run("info", f"--data={folder}")
    assert "4 clips" in capsys.readouterr().out
    run("verify", f"--data={folder}")
    assert "all whole" in capsys.readouterr().out
    run("display", f"--data={folder}", f"--output={folder}.gif", "--num=3")
    with Image.open(f"{folder}.gif") as sheet:  # 3 clips at 3 rungs, each enlarged to 64.
        assert (sheet.size, sheet.n_frames) == ((3 * 66 - 2, 3 * 66 - 2), 8)
    run("display", f"--data={folder}", f"--output={folder}.png", "--num=2")
    with Image.open(f"{folder}.png") as sheet:  # 8 frames of 2 clips at 3 rungs.
        assert sheet.size == (8 * 66 - 2, 6 * 66 - 2)
    shard = folder / Records(folder).shards["4x4x4"][0].file
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(UserError, match="should be whole. Received: 2 faults"):
        run("verify", f"--data={folder}")
    assert f"{shard.name}, record 3: cannot be read: truncated record" in capsys.readouterr().out


def test_real_faces(real_clips, tmp_path):
    grid = real_clips / "faces/trailerfaces_grid_7x4.avi"
    records = create(grid, tmp_path / "new", "--config=faces", "--tile=256")
    assert len(records) == 28
    run("verify", f"--data={tmp_path}/new")


def test_real_actions(real_clips, tmp_path):
    source = real_clips / "weizmann_actions"
    more = ("--config=actions", "--labels=folders", "--clip_rule=all", "--max_clips=40")
    records = create(source, tmp_path / "new", *more)
    assert len(records) == 40
    assert records.label_names == ["0", "1", "3", "4"]


def test_real_film(real_clips, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/film.mp4").symlink_to(real_clips / "faces/film_clip_640x360.mp4")
    records = create(tmp_path / "in", tmp_path / "new", "--clip_rule=all")
    assert len(records) == 275 // 8
    energy = np.abs(np.diff(records.clips(records.ladder[-1], range(34)).astype(int), axis=1))
    assert energy.mean((1, 2, 3, 4)).min() > 0.1  # Every clip moves.
