"""The sub-command, by its functions."""

import pytest

import dataset.faces.create
from support.errors import UserError
from tests.commands.calls import call
from tests.dataset.faces.scenes import texture
from tests.dataset.videos import write_video


def run(*arguments):
    return call("create_faces", *arguments)


def test_films_without_faces_are_said_and_are_no_error(tmp_path, capsys):
    write_video(tmp_path / "films/a.mp4", [texture(0)] * 40)
    (tmp_path / "films/b.mp4").write_text("no film")
    paths = (f"--source={tmp_path}/films", f"--output={tmp_path}/new")
    assert not run(*paths)
    out = capsys.readouterr().out
    assert out.startswith(f"Damaged: 1, all listed in {tmp_path}/new/damaged.txt:\n  b.mp4 should ")
    assert "lost: 1 without a face for 31 consecutive frames" in out
    assert out.endswith(f"{tmp_path}/new: no clips, for the reasons above\n")
    with pytest.raises(UserError, match="with size=300, but size=64 was given"):
        run(*paths, "--size=64")


def test_clips_are_counted(tmp_path, capsys, monkeypatch):
    report = {"film": "a.mp4", "clips": [{}, {}], "funnel": {"shots": 1, "clips": 2}}
    monkeypatch.setattr(dataset.faces.create, "create_face_clips", lambda *_, **__: ([report], {}))
    assert not run(f"--output={tmp_path}/new", "--size=64")
    assert capsys.readouterr().out.endswith("new: 2 clips of 64x64, listed in clips.csv\n")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--workers=0", "--workers should be at least 1. Received: 0"),
        ("--size=33", "--size should be even and at least 16. Received: 33"),
        ("--min_frames=501", "--min_frames should .* in 2 to --max_frames ?= ?500. Received: 501"),
        ("--source=absent", "--source should be a file or a folder"),
        ("--landmarks=absent", "--landmarks should be a folder. Received: absent"),
    ],
)
def test_a_wrong_value_is_said(tmp_path, flag, message):
    write_video(tmp_path / "films/a.mp4", [texture(0)] * 5)
    with pytest.raises(UserError, match=message):
        run(f"--source={tmp_path}/films", f"--output={tmp_path}/new", flag)
    assert not (tmp_path / "new").exists()
