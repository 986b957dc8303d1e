import datetime
import json
import subprocess
import sys

import pytest

from run_folder import starts
from run_folder.folder import RunFolder
from tests.training.toys import tiny_config

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


def test_each_start_is_appended(tmp_path, monkeypatch):
    for kimg, flags in ((0.0, ["--data=my clips"]), (4.5, [])):
        monkeypatch.setattr(sys, "argv", ["train.py", *flags])
        with RunFolder(tmp_path / "run", tiny_config(), DATA) as run:
            run.append_start(["GPU:0"], kimg)
    lines = (tmp_path / "run/starts.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["command"], second["command"]) == ("train.py '--data=my clips'", "train.py")
    assert (first["kimg"], second["kimg"]) == (0, 4.5)
    assert first["devices"] == ["GPU:0"]
    assert first["host"]
    assert first["versions"].keys() == {"python", "tensorflow", "keras"}
    assert datetime.datetime.fromisoformat(second["time"]).tzinfo == datetime.UTC


def test_the_commit_is_that_of_the_checkout_alone(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert starts.git_commit(tmp_path) is None
    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-q", "-m", "A file")
    git("tag", "-a", "v1", "-m", "a version")
    commit = git("rev-parse", "HEAD")
    assert starts.git_commit(tmp_path) == commit
    (tmp_path / "file").write_text("two")
    assert starts.git_commit(tmp_path) == f"{commit}-dirty"
    (tmp_path / "copy").mkdir()
    assert starts.git_commit(tmp_path / "copy") is None


def test_a_machine_without_git_has_no_commit(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    assert starts.git_commit(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert starts.git_commit(tmp_path) is None


def test_lines_of_the_log_have_times(tmp_path, capsys):
    with RunFolder(tmp_path / "run", tiny_config(), DATA) as run:
        run.log("tick 1")
    assert capsys.readouterr().out == "tick 1\n"
    time, text = (tmp_path / "run/log.txt").read_text().rstrip("\n").split(" ", 1)
    assert text == "tick 1"
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(time)
    assert age.total_seconds() == pytest.approx(0, abs=60)
