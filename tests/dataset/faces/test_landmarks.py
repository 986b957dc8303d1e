import numpy as np
import pytest

from dataset.faces.align import COMMON
from dataset.faces.detect import Box
from dataset.faces.landmarks import anchors, read
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Face
from dataset.readers.source import RejectedSource


def face_of(left, top, side):
    """68 points whose eyes, nose and mouth are where `COMMON` has them in a square."""
    points = np.tile((left + side / 2, top + side / 2), (68, 1)).astype(float)
    points[36:42] = (left, top) + side * COMMON[0]
    points[42:48] = (left, top) + side * COMMON[1]
    points[[30, 48, 54]] = (left, top) + side * COMMON[2:]
    return points


def track_of(*boxes):
    return [Face(Box(*box), True, np.zeros((2, 2)), Similarity()) for box in boxes]


def test_both_layouts_are_read(tmp_path):
    (tmp_path / "b").mkdir()
    np.save(tmp_path / "b/film.x.npy", np.ones((5, 68, 2), np.float32))
    np.save(tmp_path / "c.npy", np.ones((5, 3, 68, 2)))
    assert read(tmp_path, "b/film.x.mp4").shape == (5, 1, 68, 2)
    assert read(tmp_path, "c.avi").shape == (5, 3, 68, 2)


def test_files_that_do_not_fit_are_said(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((5, 5, 2)))
    np.save(tmp_path / "b.npy", np.array([{}], object))
    (tmp_path / "c.npy").write_bytes(b"")
    (tmp_path / "d.npy").write_text("x,y")
    with pytest.raises(RejectedSource, match=r"\[frames, faces, 68, 2\] .*float64 \[5, 1, 5, 2\]"):
        read(tmp_path, "a.mp4")
    for name in "bcde":
        with pytest.raises(
            RejectedSource, match=f"should have landmarks in .*{name}.npy. Received"
        ):
            read(tmp_path, f"{name}.mp4")


def test_each_track_takes_its_own_face():
    near, far = (10, 10, 40), (200, 30, 80)
    landmarks = np.stack([[face_of(*near), face_of(*far)], [face_of(*far), face_of(*near)]])
    for box in (near, far):
        points = anchors(landmarks, range(2), track_of(box, box), Similarity())
        np.testing.assert_allclose(points, np.stack([(box[:2] + box[2] * COMMON)] * 2))


def test_frames_without_the_face_are_nan():
    landmarks = np.full((4, 1, 68, 2), np.nan)
    landmarks[1, 0] = face_of(200, 200, 40)  # Somewhere else.
    landmarks[3, 0] = face_of(10, 10, 40)
    points = anchors(landmarks, range(4), track_of(*[(10, 10, 40)] * 4), Similarity())
    assert np.isnan(points[:3]).all()
    assert np.isfinite(points[3]).all()


def test_landmarks_are_in_pixels_of_the_film():
    landmarks = face_of(20, 20, 80)[None, None]
    points = anchors(landmarks, range(1), track_of((10, 10, 40)), Similarity(2))
    np.testing.assert_allclose(points[0], 10 + 40 * COMMON)
