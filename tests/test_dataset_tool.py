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
from tests.commands.calls import call as run
from tests.dataset.videos import cut, noisy, picture, write_video

ROOT = Path(dataset_tool.__file__).parent


def command(*arguments):
    return [sys.executable, str(ROOT / "dataset_tool.py"), *map(str, arguments)]


def run_process(*arguments, cwd=ROOT):
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, check=False)


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


SHAPES = ("--config=demo", "--source_format=synthetic", "--resolution=16")


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_the_same_command_goes_on_after_a_stop(tmp_path, number, status):
    arguments = ("create_tfrecords", *SHAPES, "--max_clips=300", "--shard_clips=20")
    process = subprocess.Popen(
        command(*arguments, f"--output={tmp_path}/new"),
        # A shell's background jobs ignore SIGINT, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not list(tmp_path.glob("new.unfinished/train/*/00001.tfrecord")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    assert [path.name for path in tmp_path.iterdir()] == ["new.unfinished"]
    with pytest.raises(UserError, match="with max_clips=300, .*, but max_clips=299, "):
        run(*arguments, f"--output={tmp_path}/new", "--max_clips=299")
    run(*arguments, f"--output={tmp_path}/new")
    run(*arguments, f"--output={tmp_path}/whole", "--workers=1")
    assert content(tmp_path / "new") == content(tmp_path / "whole")
    assert not (tmp_path / "new.unfinished").exists()


def test_the_layout_and_what_is_left_out_are_printed(tmp_path, capsys):
    write_video(tmp_path / "in/a.mp4", [picture(i) for i in range(80)])
    (tmp_path / "in/notes.txt").touch()
    ladder = ["--ladder=4x4x4 4x8x8", "--resolution=8", "--num_frames=4", "--workers=1"]
    run("create_tfrecords", f"--source={tmp_path}/in", f"--output={tmp_path}/new", *ladder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Layout: videos, 1 source. Left out: 1 .txt."
    assert lines[-3] == (
        "  19 more clips are in these sources: --clip_rule=all takes all windows of each."
    )
    assert lines[-2].startswith("  Warning: 1 clip. A network memorises")
    assert lines[-1].startswith("  Warning: of 1 clips that were sampled: 1 of one colour.")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--resolution=100", "--resolution should be 4 to 16 pixels a side, .* Received: 100x100"),
        ("--size=9x", "should be a number, or height and width such as 144x256. Received: 9x"),
        ("--aspect=37:20", "--aspect should be that .* nearest are 13:7, 11:6 and 15:8"),
        ("--num_frames=6", "--num_frames should be at most 4, or one that the ladder"),
        ("--ladder=steps", "--ladder should be one of .* Received: 'steps'"),
        ("--config=none", "--config should be one of .* Received: none"),
        ("--source=absent", "--source should be a file or a folder. Received: absent"),
        ("--workers=0", "--workers should be at least 1. Received: 0"),
        ("--frame_stride=0", "--frame_stride should be at least 1. Received: 0"),
        ("--shard_clips=0", "--shard_clips should be at least 1. Received: 0"),
        ("--quality=101", "--quality should be 1 to 100. Received: 101"),
        ("--val_fraction=0", "--val_fraction should hold out some videos but not all"),
        ("--val_list=absent", "Cannot read absent: No such file"),
        ("--seed=-1", "--seed should be at least 0. Received: -1"),
        ("--fps=0", "--fps should be 0.1 to 1000. Received: 0"),
        ("--split=absent.txt", "Cannot read absent.txt: No such file"),
        ("--labels=folders", "--labels=folders should .* Received: "),
        ("--short=error", "a.mp4 should have at least 8 frames. Received: 5"),
    ],
)
def test_a_wrong_value_is_said(tmp_path, flag, message):
    write_video(tmp_path / "in/a.mp4", noisy(5))
    with pytest.raises(UserError, match=message):
        create(tmp_path / "in", tmp_path / "out/new", flag)
    assert not (tmp_path / "out/new").exists()


def test_rate_part_and_list_of_sources(tmp_path):
    """At half the rate 8 frames take 16, and the left part of these is their brightness alone."""
    for name in ("a.mp4", "b.mp4"):
        frames = [np.full((32, 64, 3), 10 * i, np.uint8) for i in range(16)]
        for frame in frames:
            frame[:, 32:] = 255
        write_video(tmp_path / "in" / name, frames)
    (tmp_path / "list.txt").write_text("b.mp4\n")
    more = ("--fps=12.5", "--crop=left", f"--split={tmp_path}/list.txt")
    records = create(tmp_path / "in", tmp_path / "new", *more)
    (clip,) = records.clips(records.ladder[-1], range(len(records)))
    np.testing.assert_allclose(np.median(clip, axis=(1, 2, 3)), 20 * np.arange(8), atol=3)


def test_an_existing_data_set_is_kept(tmp_path, capsys):
    create("", tmp_path / "new", "--source_format=synthetic", "--max_clips=1")
    with pytest.raises(UserError, match="exists already and is"):
        create("", tmp_path / "new", "--source_format=synthetic", "--max_clips=2")
    assert len(Records(tmp_path / "new")) == 1
    assert f"{tmp_path / 'new'}: 1 clip at" in capsys.readouterr().out


def test_the_size_is_told_before_the_work(tmp_path, capsys):
    create("", tmp_path / "new", *SHAPES[1:], "--max_clips=3", "--encoding=zlib")
    out = capsys.readouterr().out
    assert f"{tmp_path / 'new'}: 3 clips at 4x4x4 8x8x8 8x16x16\n" in out
    assert "At most 3 clips, before zlib:" in out
    assert re.search(r"^ +8x16x16 +0.0 MB$", out, re.M)


def test_videos_are_held_out(tmp_path, capsys):
    for i in range(8):
        write_video(tmp_path / f"in/{i}.mp4", noisy(20))
    (tmp_path / "list.txt").write_text("3.mp4\n5.mp4\n")
    more = ("--clip_rule=all", "--resolution=16")
    train = create(tmp_path / "in", tmp_path / "a", *more, f"--val_list={tmp_path}/list.txt")
    assert (len(train), len(open_records(tmp_path / "a-val"))) == (12, 4)
    assert f"{tmp_path}/a-val: 4 clips" in capsys.readouterr().out
    train = create(tmp_path / "in", tmp_path / "b", *more, "--val_fraction=0.4")
    assert len(train) + len(open_records(tmp_path / "b-val")) == 16
    with pytest.raises(UserError, match="--val_fraction should not be given with --val_list"):
        create(tmp_path / "in", tmp_path / "c", "--val_list=list.txt", "--val_fraction=0.5")


def test_the_folder_itself_is_no_place_for_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="^Cannot create .: it exists already"):
        create("", ".", *SHAPES[1:], "--max_clips=1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


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
    assert f"{folder}: 4 clips, made by version " in capsys.readouterr().out
    run("verify", f"--data={folder}")
    assert "without faults" in capsys.readouterr().out
    run("display", f"--data={folder}", f"--output={folder}.gif", "--num=3")
    with Image.open(f"{folder}.gif") as sheet:  # 3 clips at 3 rungs, each enlarged to 64.
        assert (sheet.height, sheet.n_frames) == (3 * 66 - 2, 8)
        assert sheet.width > 3 * 66 - 2  # The names of the rungs are at the left.
    run("display", f"--data={folder}", f"--output={folder}.png", "--num=2")
    with Image.open(f"{folder}.png") as sheet:  # 8 frames of 2 clips at 3 rungs.
        assert sheet.height == 6 * 66 - 2
        assert sheet.width > 8 * 66 - 2
    with pytest.raises(UserError, match="--output should end in .mp4, .gif, .* Received: a.avi"):
        run("display", f"--data={folder}", "--output=a.avi")
    shard = folder / "4x4x4/00000.tfrecord"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(UserError, match="Cannot use .*: 2 faults, listed above"):
        run("verify", f"--data={folder}")
    out = capsys.readouterr().out
    assert "4x4x4/00000.tfrecord, record 3: cannot be read: truncated record" in out


@pytest.mark.parametrize("command", ["info", "verify", "stats"])
def test_a_folder_of_videos_is_no_data_set(tmp_path, command):
    write_video(tmp_path / "videos/a.mp4", noisy(5))
    for folder in (tmp_path / "videos", tmp_path / "absent"):
        with pytest.raises(UserError, match="it is no data set .* with create_tfrecords"):
            run(command, f"--data={folder}")


def test_extract_compare_and_stats(tmp_path, capsys):
    for name, more in (("a", ()), ("b", ("--encoding=zlib",)), ("c", ("--seed=1",))):
        create("", tmp_path / name, *SHAPES[1:], "--max_clips=4", *more)
    capsys.readouterr()
    data = f"--data={tmp_path}/a"
    run("compare", data, f"--other={tmp_path}/b")
    assert capsys.readouterr().out.count("4 compared, 4 the same") == 3
    run("compare", data, f"--other={tmp_path}/c")
    assert "8x16x16: 4 compared, 0 the same, " in capsys.readouterr().out
    run("stats", data, "--num=3")
    out = capsys.readouterr().out
    assert "       8 to 8             4\n" in out
    assert "3 clips of 8x16x16" in out
    assert "odd clips: 0 black, 0 white, 0 of one colour, 0 still, 0 across a cut\n" in out
    assert re.search(r"motion energy .*: \d+\.\d\d, from ", out)
    more = ("--format=npy", "--rung=8x8x8", "--first=1", "--num=2")
    run("extract", data, f"--output={tmp_path}/clips", *more)
    files = sorted(tmp_path.glob("clips/*/*.npy"), key=lambda path: path.name)
    assert [file.name for file in files] == ["000001.npy", "000002.npy"]
    assert np.load(files[0]).shape == (8, 8, 8, 3)
    with pytest.raises(UserError, match="--rung should be one of 4x4x4 8x8x8 8x16x16. Rec"):
        run("stats", data, "--rung=8x8")
    with pytest.raises(UserError, match="--first should be below 4. Received: 4"):
        run("extract", data, f"--output={tmp_path}/none", "--first=4")


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
