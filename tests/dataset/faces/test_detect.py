import itertools

import av
import cv2
import numpy as np
import pytest

from dataset.faces.detect import Box, Detector
from tests.dataset.faces.scenes import texture

PUPILS = ((228.5, 61.5), (265.5, 62.5))  # in frame 186, by eye


@pytest.fixture(scope="module")
def singers(real_clips):
    """Frames 100 and 186 of the film, grey, with one near face."""
    with av.open(str(real_clips / "faces/film_clip_640x360.mp4")) as container:
        frames = itertools.islice(container.decode(video=0), 100, 187, 86)
        return [frame.to_ndarray(format="gray") for frame in frames]


def test_nothing_is_found_in_a_texture():
    assert Detector(0.2).find_faces(texture(0, 360, 640)[..., 0]) == []
    assert Detector(0.2).find_faces(np.zeros((360, 640), np.uint8)) == []


def test_eyes_beyond_the_picture_are_not_found():
    grey = texture(0)[..., 0]
    assert np.isnan(Detector(0.2).find_eyes(grey, Box(-500, 10, 60))).all()


def test_a_face_and_its_eyes_are_found(singers):
    detector, singer = Detector(0.12), singers[1]
    (box,) = detector.find_faces(singer)
    left, right = detector.find_eyes(singer, box)
    np.testing.assert_allclose(left, PUPILS[0], atol=4)
    np.testing.assert_allclose(right, PUPILS[1], atol=4)
    assert detector.find_faces(cv2.flip(singer, 0)) == []


def test_eyes_tell_the_tilt(singers):
    detector = Detector(0.12)
    (box,) = detector.find_faces(singers[0])
    x, y = np.diff(detector.find_eyes(singers[0], box), axis=0)[0]
    assert 8 < np.degrees(np.arctan2(y, x)) < 25


def test_small_faces_are_left_out(singers):
    assert Detector(0.4).find_faces(singers[1]) == []
