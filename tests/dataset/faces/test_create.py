import json
import shutil
import threading

import pytest

import dataset.faces.create
from dataset.faces.create import create_face_clips
from dataset.faces.film import make_clips
from dataset.faces.rules import FaceRules
from dataset.readers.videos import frame_rate
from support.errors import UserError
from tests.abandoned import abandoned
from tests.dataset.faces.scenes import texture
from tests.dataset.videos import cut, noisy, write_video

RULES = FaceRules(size=32, min_frames=5)


@pytest.fixture
def films(tmp_path):
    """Three films without faces."""
    for name in ("a.mp4", "b/c.avi", "d.mp4"):
        write_video(tmp_path / "films" / name, [texture(0)] * 8, rate=10)
    return tmp_path / "films"


@pytest.fixture
def made(monkeypatch):
    """Names of the films that are worked on, as they are."""
    names = []

    def make(film, *arguments, **more):
        names.append(film.name)
        make_clips(film, *arguments, **more)

    monkeypatch.setattr(dataset.faces.create, "make_clips", make)
    return names


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("workers", [1, 3])
def test_films_without_faces_give_no_clips(films, tmp_path, workers):
    reports, damaged = create_face_clips(films, tmp_path / "new", RULES, workers=workers)
    assert [report["film"] for report in reports] == ["a.mp4", "b/c.avi", "d.mp4"]
    assert all(report["clips"] == [] and report["fps"] == 10 for report in reports)
    assert all(report["funnel"]["without a face"] == 1 for report in reports)
    assert damaged == {}
    assert (tmp_path / "new/clips.csv").read_text().splitlines() == [
        "clip,film,shot,begin,end,x,y,scale,angle,found,eyes"
    ]


def test_one_film_may_be_given(films, tmp_path):
    reports, _ = create_face_clips(films / "a.mp4", tmp_path / "new", RULES)
    assert [report["film"] for report in reports] == ["a.mp4"]


def test_a_damaged_film_is_named_and_the_others_go_on(films, tmp_path, made):
    cut(write_video(films / "c.avi", noisy(40)))
    (films / "e.mp4").write_text("no film")
    reports, damaged = create_face_clips(films, tmp_path / "new", RULES)
    assert len(reports) == 3
    assert list(damaged) == ["c.avi", "e.mp4"]
    assert "should " in damaged["c.avi"]
    lines = (tmp_path / "new/damaged.txt").read_text().splitlines()
    assert lines == [f"{name}\t{why}" for name, why in damaged.items()]
    # A whole one in its place is taken up.
    shutil.copy(films / "a.mp4", films / "e.mp4")
    made.clear()
    reports, damaged = create_face_clips(films, tmp_path / "new", RULES)
    assert sorted(made) == ["c.avi", "e.mp4"]
    assert len(reports) == 4


def test_nothing_but_damaged_films_is_an_error(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films/a.mp4").write_text("no film")
    with pytest.raises(UserError, match="All 1 films are damaged: a.mp4 should "):
        create_face_clips(tmp_path / "films", tmp_path / "new", RULES)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_goes_on_where_it_was_stopped(films, tmp_path, made, monkeypatch, workers):
    create_face_clips(films, tmp_path / "whole", RULES)
    make = dataset.faces.create.make_clips
    others = threading.Semaphore(0)

    def stopped(film, folder, rules, fps, *, tick, **more):
        if film.name == "d.mp4":
            assert others.acquire(timeout=60)
            assert others.acquire(timeout=60)
            raise KeyboardInterrupt
        make(film, folder, rules, fps, tick=tick, **more)
        others.release()

    monkeypatch.setattr(dataset.faces.create, "make_clips", stopped)
    with pytest.raises(KeyboardInterrupt):
        create_face_clips(films, tmp_path / "new", RULES, workers=workers)
    assert not (tmp_path / "new/clips.csv").exists()
    monkeypatch.setattr(dataset.faces.create, "make_clips", make)
    # A killed process leaves what it was writing.
    rest = tmp_path / "new/b" / abandoned("c.avi")
    rest.mkdir()
    (rest / "0000.mp4").write_text("half")
    (tmp_path / "new" / abandoned("clips.csv")).write_text("half")
    made.clear()
    create_face_clips(films, tmp_path / "new", RULES, workers=workers)
    assert made == ["d.mp4"]
    assert contents(tmp_path / "new") == contents(tmp_path / "whole")


def test_what_was_begun_stops_with_the_rest(films, tmp_path, monkeypatch):
    began = threading.Event()

    def make(film, folder, rules, fps, *, tick, **more):
        if film.name == "a.mp4":
            assert began.wait(60)
            raise OSError("no room")
        began.set()
        while True:
            tick()

    monkeypatch.setattr(dataset.faces.create, "make_clips", make)
    with pytest.raises(OSError, match="no room"):
        create_face_clips(films, tmp_path / "new", RULES, workers=2)


def test_another_argument_is_refused_by_name(films, tmp_path):
    create_face_clips(films, tmp_path / "new", RULES)
    with pytest.raises(
        UserError,
        match="Cannot resume .*new: it was created with min_frames=5, but min_frames=6 was ",
    ):
        create_face_clips(films, tmp_path / "new", FaceRules(size=32, min_frames=6))
    shutil.copytree(films, tmp_path / "others")
    with pytest.raises(UserError, match="with source=.*films, but source=.*others was given"):
        create_face_clips(tmp_path / "others", tmp_path / "new", RULES)
    with pytest.raises(UserError, match="with landmarks=none, but landmarks=.*others was given"):
        create_face_clips(films, tmp_path / "new", RULES, landmarks=tmp_path / "others")


def test_a_folder_of_something_else_is_left_alone(films, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/mine.txt").write_text("mine")
    with pytest.raises(UserError, match="Cannot write to .*new: it holds files of something else"):
        create_face_clips(films, tmp_path / "new", RULES)
    assert contents(tmp_path / "new") == {"mine.txt": b"mine"}


def test_a_folder_that_holds_only_hidden_folders_is_left_alone(films, tmp_path):
    keys = {".git/HEAD": b"ref", ".ssh/id": b"key"}
    for name, text in keys.items():
        (tmp_path / "new" / name).parent.mkdir(parents=True)
        (tmp_path / "new" / name).write_bytes(text)
    with pytest.raises(UserError, match="Cannot write to .*new: it holds files of something else"):
        create_face_clips(films, tmp_path / "new", RULES)
    assert contents(tmp_path / "new") == keys


def test_clearing_deletes_partial_files_alone(films, tmp_path):
    create_face_clips(films, tmp_path / "new", RULES)
    (tmp_path / "new/a.mp4/.git").mkdir()
    for name in (".git/HEAD", ".mine", ".partial-mine", abandoned("0000.mp4")):
        (tmp_path / "new/a.mp4" / name).touch()
    create_face_clips(films, tmp_path / "new", RULES)
    left = {p.name for p in (tmp_path / "new/a.mp4").rglob("*") if p.name.startswith((".", "H"))}
    assert left == {".git", "HEAD", ".mine", ".partial-mine"}


def test_a_folder_in_use_is_refused(films, tmp_path, monkeypatch):
    def make(film, folder, *rest, **more):
        with pytest.raises(
            UserError, match="Cannot write to .*new: another process is writing there"
        ):
            create_face_clips(films, tmp_path / "new", RULES)
        make_clips(film, folder, *rest, **more)

    monkeypatch.setattr(dataset.faces.create, "make_clips", make)
    assert len(create_face_clips(films, tmp_path / "new", RULES)[0]) == 3


def test_what_is_written_is_not_read_again(films, tmp_path):
    with pytest.raises(UserError, match="`output` should be outside of .*films"):
        create_face_clips(films, films / "new", RULES)
    with pytest.raises(UserError, match="`debug` should be outside of .*new"):
        create_face_clips(films, tmp_path / "new", RULES, debug=tmp_path / "new/debug")
    assert not (films / "new").exists()


def test_missing_folders_are_said(films, tmp_path):
    with pytest.raises(UserError, match="`source` should be a file or a folder"):
        create_face_clips(tmp_path / "absent", tmp_path / "new", RULES)
    with pytest.raises(UserError, match="`landmarks` should be a folder. Received: .*absent"):
        create_face_clips(films, tmp_path / "new", RULES, landmarks=tmp_path / "absent")


def test_films_are_drawn_in_a_folder_of_their_own(films, tmp_path):
    create_face_clips(films, tmp_path / "new", RULES, debug=tmp_path / "drawn")
    drawn = sorted(contents(tmp_path / "drawn"))
    assert drawn == ["a.mp4.mp4", "b/c.avi.mp4", "d.mp4.mp4"]


def test_frame_rate(films, tmp_path):
    assert frame_rate(films / "a.mp4") == 10
    (tmp_path / "x.mp4").write_text("no film")
    assert frame_rate(tmp_path / "x.mp4") is None
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{films / 'a.mp4'}\n#EXT-X-ENDLIST\n")
    assert frame_rate(tmp_path / "list.mp4") is None  # A list of further files to open.


def test_settings_are_kept(films, tmp_path):
    create_face_clips(films, tmp_path / "new", RULES)
    settings = json.loads((tmp_path / "new/settings.json").read_text())
    assert settings["source"] == str(films)
    assert (settings["size"], settings["smoothing"]) == (32, 15)
    assert settings["landmarks"] is None
