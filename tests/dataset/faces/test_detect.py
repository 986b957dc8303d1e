import itertools

import av
import cv2
import numpy as np
import pytest

from dataset.faces.detect import Box, Detector
from tests.dataset.faces.scenes import texture

PUPILS = ((228.5, 61.5), (265.5, 62.5))  # Of frame 186, by eye.


@pytest.fixture(scope="module")
def singer(real_clips):
    """Frame 186 of the film, grey, with one near face."""
    with av.open(str(real_clips / "faces/film_clip_640x360.mp4")) as container:
        frame = next(itertools.islice(container.decode(video=0), 186, None))
    return frame.to_ndarray(format="gray")


def test_nothing_is_found_in_a_texture():
    assert Detector(0.2).find_faces(texture(0, 360, 640)[..., 0]) == []
    assert Detector(0.2).find_faces(np.zeros((360, 640), np.uint8)) == []


def test_eyes_beyond_the_picture_are_not_found():
    grey = texture(0)[..., 0]
    assert np.isnan(Detector(0.2).find_eyes(grey, Box(-500, 10, 60))).all()


def test_a_face_and_its_eyes_are_found(singer):
    detector = Detector(0.12)
    (box,) = detector.find_faces(singer)
    left, right = detector.find_eyes(singer, box)
    np.testing.assert_allclose(left, PUPILS[0], atol=4)
    np.testing.assert_allclose(right, PUPILS[1], atol=4)
    assert detector.find_faces(cv2.flip(singer, 0)) == []


def test_small_faces_are_left_out(singer):
    assert Detector(0.4).find_faces(singer) == []
