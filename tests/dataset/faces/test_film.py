import csv
import json

import numpy as np
import pytest

import dataset.faces.shots
from dataset.faces.film import cut_out, make_clips
from dataset.faces.plan import Plan
from dataset.faces.rules import FaceRules
from dataset.faces.similarity import Similarity
from dataset.readers.source import RejectedSource, Source
from dataset.readers.videos import decode
from tests.dataset.faces.scenes import KnownFaces, scene
from tests.dataset.faces.test_landmarks import face_of

RULES = FaceRules(size=64, min_frames=5, max_frames=40)


def plan_of(shot, frames, shift):
    ones = np.ones(len(frames))
    return Plan(shot, frames, [Similarity(1, shift)] * len(frames), ones > 0, ones)


def grey_frames(count):
    for i in range(count):
        yield np.full((40, 60, 3), i, np.uint8)


def test_clips_are_cut_out_as_planned():
    plans = [plan_of(0, range(2, 6), 0), plan_of(1, range(8, 9), 0), plan_of(0, range(2, 5), 20)]
    clips = [(plan.frames, clip) for plan, clip in cut_out(grey_frames(20), plans, 16)]
    assert [frames for frames, _ in clips] == [range(2, 5), range(2, 6), range(8, 9)]
    for frames, clip in clips:
        assert clip.shape == (len(frames), 16, 16, 3)
        assert (clip == np.array(frames)[:, None, None, None]).all()


def test_frames_after_the_last_plan_are_not_read():
    frames = grey_frames(20)
    list(cut_out(frames, [plan_of(0, range(2, 6), 0)], 16))
    assert next(frames)[0, 0, 0] == 6


@pytest.fixture
def film(monkeypatch):
    """Two shots; in the second, of frames 6 to 25, the face becomes another's at frame 16."""

    def frames():
        for i in range(26):
            person = 20 if i < 6 else 21 if i < 16 else 22
            yield scene(i // 6 and 1, {person: (50 + i / 2, 30, 64)})

    boxes = [[(50 + i / 2, 30, 64)] for i in range(26)]
    monkeypatch.setattr(dataset.faces.shots, "Detector", lambda _: KnownFaces(boxes))
    return Source("a/film.mp4", frames)


def test_a_film_becomes_clips(film, tmp_path):
    make_clips(film, tmp_path / "new", RULES, 12.5)
    about = json.loads((tmp_path / "new/film.json").read_text())
    assert (about["film"], about["frames"], about["fps"]) == ("a/film.mp4", 26, 12.5)
    begins = [(row["clip"], row["shot"], row["begin"], row["end"]) for row in about["clips"]]
    assert begins == [
        ("a/film.mp4/0000.mp4", 0, 0, 6),
        ("a/film.mp4/0001.mp4", 1, 6, 16),
        ("a/film.mp4/0002.mp4", 1, 16, 26),
    ]
    stages = ("shots", "of a good length", "with a face", "faces", "aligned")
    assert about["funnel"] == dict.fromkeys(stages, 2) | {"changing": 0, "clips": 3}
    with open(tmp_path / "new/frames.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["frame"]) for line in lines] == list(range(26))
    assert [line["clip"] for line in lines].count("0001.mp4") == 10
    # The face stands still though it moves in the film.
    clip = np.stack(list(decode(tmp_path / "new/0001.mp4"))).astype(int)
    assert clip.shape == (10, 64, 64, 3)
    assert np.abs(np.diff(clip[:, 8:-8, 8:-8], axis=0)).mean() < 4


def test_a_face_whose_person_changes_too_soon_is_lost(film, tmp_path):
    make_clips(film, tmp_path / "new", FaceRules(size=64, min_frames=11, max_frames=40), 25)
    funnel = json.loads((tmp_path / "new/film.json").read_text())["funnel"]
    assert (funnel["too short"], funnel["changing"], funnel["clips"]) == (1, 1, 0)


def test_a_film_that_breaks_off_leaves_nothing(film, tmp_path):
    def broken():
        yield from list(film.frames())[:20]
        raise RejectedSource("should be whole")

    with pytest.raises(RejectedSource):
        make_clips(Source("film.mp4", broken), tmp_path / "new", RULES, 25)
    assert list(tmp_path.iterdir()) == []


def test_a_film_without_frames_is_rejected(tmp_path):
    with pytest.raises(RejectedSource, match="should have frames. Received: none"):
        make_clips(Source("film.mp4", lambda: iter([])), tmp_path / "new", RULES, 25)


def test_landmarks_should_be_as_long_as_the_film(film, tmp_path):
    (tmp_path / "marks/a").mkdir(parents=True)
    np.save(tmp_path / "marks/a/film.npy", np.zeros((25, 68, 2)))
    with pytest.raises(RejectedSource, match="landmarks of 26 frames. Received: 25"):
        make_clips(film, tmp_path / "new", RULES, 25, landmarks=tmp_path / "marks")


def test_landmarks_align_where_no_eyes_are_found(film, tmp_path, monkeypatch):
    monkeypatch.setattr(KnownFaces, "find_eyes", lambda *_: np.full((2, 2), np.nan))
    make_clips(film, tmp_path / "without", RULES, 25)
    about = json.loads((tmp_path / "without/film.json").read_text())
    assert about["funnel"]["without eyes"] == 2
    landmarks = np.stack([face_of(50 + i / 2, 30, 64) for i in range(26)])
    (tmp_path / "marks/a").mkdir(parents=True)
    np.save(tmp_path / "marks/a/film.npy", landmarks)
    boxes = [[(50 + i / 2, 30, 64)] for i in range(26)]
    monkeypatch.setattr(dataset.faces.shots, "Detector", lambda _: KnownFaces(boxes))
    make_clips(film, tmp_path / "new", RULES, 25, landmarks=tmp_path / "marks")
    rows = json.loads((tmp_path / "new/film.json").read_text())["clips"]
    assert [(row["begin"], row["end"]) for row in rows] == [(0, 6), (6, 16), (16, 26)]
    assert all(row["eyes"] == 1 and abs(row["scale"] - 1) < 0.02 for row in rows)


def test_a_drawing_shows_boxes_eyes_and_clips(film, tmp_path):
    drawing = tmp_path / "film.mp4"
    make_clips(film, tmp_path / "new", RULES, 25, drawing=drawing)
    frames = np.stack(list(decode(drawing))).astype(int)
    assert frames.shape == (26, 120, 160, 3)
    red, green, blue = np.moveaxis(frames, -1, 0)
    assert ((green > red + 60) & (green > blue + 60)).any((1, 2)).all()  # Boxes.
    assert ((blue > red + 60) & (green < 200)).any((1, 2)).all()  # Clips.


def test_every_frame_that_is_read_ticks(film, tmp_path):
    ticks = []
    make_clips(film, tmp_path / "new", RULES, 25, tick=lambda: ticks.append(1))
    assert len(ticks) == 2 * 26
