"""The whole way on a film that nobody in this project made, against what one sees in it."""

import csv
import itertools

import cv2
import numpy as np
import pytest

from dataset.faces.align import COMMON
from dataset.faces.create import create_face_clips
from dataset.faces.detect import Box, Detector
from dataset.faces.matching import Comparison, persons
from dataset.faces.rules import FaceRules
from dataset.readers.videos import decode

CUTS = [20, 82, 211]  # First frames of the shots after the first, by eye.
TILE = 256


@pytest.fixture(scope="module")
def made(real_clips, tmp_path_factory):
    """The folder of the film's clips, and the rows of its table."""
    folder = tmp_path_factory.mktemp("faces") / "clips"
    create_face_clips(real_clips / "faces/film_clip_640x360.mp4", folder, FaceRules())
    with open(folder / "clips.csv", newline="") as file:
        return folder, list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tiles(real_clips):
    """The 28 published clips, 32 frames each."""
    frames = np.stack(list(decode(real_clips / "faces/trailerfaces_grid_7x4.avi")))
    tiles = frames.reshape(32, 7, TILE, 4, TILE, 3).transpose(1, 3, 0, 2, 4, 5)
    return tiles.reshape(28, 32, TILE, TILE, 3)


def test_shots_are_cut_where_the_picture_cuts(real_clips):
    compare = Comparison(FaceRules().same)
    frames = decode(real_clips / "faces/film_clip_640x360.mp4")
    assert [i for i, frame in enumerate(frames) if compare.changes(frame)] == CUTS


def test_the_singer_alone_becomes_clips(made):
    _, rows = made
    assert {row["shot"] for row in rows} == {"2"}
    frames = [range(int(row["begin"]), int(row["end"])) for row in rows]
    assert frames[0].start in (82, 83)
    assert frames[-1].stop == 211
    # From frame 113 to 122 he looks down and aside: one clip may end there and another begin.
    assert {*range(83, 112), *range(127, 211)} <= set().union(*frames)
    assert len(frames) <= 2
    assert all(float(row["found"]) > 0.85 and float(row["eyes"]) > 0.85 for row in rows)


def test_the_face_stands_still(made):
    folder, rows = made
    detector = Detector(0.5)
    for row in rows:
        clip = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in decode(folder / row["clip"])]
        assert len(clip) == int(row["end"]) - int(row["begin"])
        # Where the cascade sees eyes in the clip.
        eyes = np.stack([detector.find_eyes(frame, Box(0, 0, 300)) for frame in clip])
        assert np.isfinite(eyes).mean() > 0.9
        np.testing.assert_allclose(np.nanmedian(eyes, 0), COMMON[:2] * 300, atol=12)
        assert np.nanstd(eyes, 0).max() < 12
        # How far the face moves from frame to frame, by another measure than the one it is
        # followed with.
        middle = np.float32(clip)[:, 60:200, 60:240]
        window = cv2.createHanningWindow(middle.shape[:0:-1], cv2.CV_32F)
        moves = [cv2.phaseCorrelate(*two, window)[0] for two in itertools.pairwise(middle)]
        assert np.median(np.hypot(*np.transpose(moves))) < 1.5


def test_no_published_clip_is_cut_and_all_are_told_apart(tiles):
    ends = np.stack([np.concatenate([a[-5:], b[:5]]) for a, b in itertools.pairwise(tiles)])
    parts = [persons(clip, np.ones(10, bool), FaceRules().same) for clip in ends]
    # One clip begins with a frame that is all but black.
    assert sorted(parts, key=str)[:26] == [[range(5), range(5, 10)]] * 26
    assert sorted(parts, key=str)[26] == [range(5), range(6, 10)]
