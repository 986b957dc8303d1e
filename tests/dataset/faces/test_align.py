import numpy as np
import pytest

from dataset.faces.align import COMMON, by_eyes, by_landmarks, share_outside, smooth, steady, warp
from dataset.faces.detect import EYES, Box
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Face

SIZE, T = 100, 60


def ones(values):
    return np.ones(values.shape)


def test_smooth_keeps_straight_lines():
    lines = np.stack([np.arange(30.0), 5 - 2 * np.arange(30.0)], 1)
    np.testing.assert_allclose(smooth(lines, ones(lines), 6), lines, atol=1e-6)


def test_smooth_takes_noise_away():
    noise = np.random.default_rng(0).normal(0, 1, (200, 3))
    # A window of 31 weighted values has about a twentieth of the variance of one of them.
    assert smooth(noise, ones(noise), 15)[20:-20].std() < 0.3


def test_smooth_is_not_moved_by_outliers():
    values = np.arange(40.0)[:, None] + np.random.default_rng(0).normal(0, 0.01, (40, 1))
    values[[5, 18, 19, 33]] += 100
    np.testing.assert_allclose(smooth(values, ones(values), 8)[:, 0], np.arange(40), atol=0.05)


def test_smooth_hears_what_is_trusted():
    values = np.tile([0.0, 10.0], 20)[:, None]
    trust = np.tile([1.0, 1e-3], 20)[:, None]
    assert smooth(values, trust, 8).max() < 0.1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_smooth_of_few(count):
    values = np.full((count, 2), 7.0)
    np.testing.assert_allclose(smooth(values, ones(values), 15), values, atol=1e-6)


def swinging_faces(jitter=0.0, seen=lambda i: True, side=40):
    """Faces of a head that swings, nears and tilts, with the motion known and all else jittered."""
    random, faces, before = np.random.default_rng(3), [], None
    for i in range(T):
        turn = (1 + 0.3 * np.sin(i / 9)) * np.exp(0.3j * np.sin(i / 5))
        where = Similarity(turn, 100 + 30 * np.sin(i / 4) + 80j + 10j * np.cos(i / 3))
        motion = where @ before.inverse() if before else Similarity()
        before = where
        eyes = where((EYES - 0.5) * side) + random.normal(0, jitter, (2, 2))
        box = Box(*(where([0, 0]) - abs(turn) * side / 2), abs(turn) * side)
        faces.append(Face(box, True, eyes if seen(i) else np.full((2, 2), np.nan), motion))
    return faces


def eyes_in_clips(faces, transforms):
    return np.stack([t.inverse()(f.eyes) for f, t in zip(faces, transforms, strict=True)])


def test_eyes_come_to_their_place():
    faces = swinging_faces()
    eyes = eyes_in_clips(faces, by_eyes(faces, SIZE, 15))
    np.testing.assert_allclose(eyes, np.broadcast_to(COMMON[:2] * SIZE, eyes.shape), atol=0.5)


def test_jitter_is_smoothed_along_the_motion():
    transforms = by_eyes(swinging_faces(jitter=1.5), SIZE, 15)
    true = eyes_in_clips(swinging_faces(), transforms)
    assert np.abs(true - COMMON[:2] * SIZE).max() < 4
    # From frame to frame the face stands still, though the eyes that were found jump by 5 pixels.
    found = eyes_in_clips(swinging_faces(jitter=1.5), transforms)
    assert np.linalg.norm(np.diff(true, axis=0), axis=2).mean() < 0.4
    assert np.linalg.norm(np.diff(found, axis=0), axis=2).mean() > 3


def test_eyes_that_are_missed_for_a_while_are_made_up_for():
    faces = swinging_faces(seen=lambda i: not 20 <= i < 40)
    true = eyes_in_clips(swinging_faces(), by_eyes(faces, SIZE, 15))
    assert np.abs(true - COMMON[:2] * SIZE).max() < 2


def test_one_eye_alone_is_enough():
    faces = swinging_faces()
    for face in faces:
        face.eyes[1] = np.nan
    true = eyes_in_clips(swinging_faces(), by_eyes(faces, SIZE, 15))
    assert np.abs(true[:, 0] - COMMON[0] * SIZE).max() < 6  # The tilt is that of a box, none.


def test_the_size_is_that_of_the_box_though_eyes_come_closer():
    faces = [Face(Box(10, 10, 50), True, Box(10, 10, 50).at(EYES), Similarity())] * 20
    turned = [
        Face(f.box, True, f.eyes.mean(0) + (f.eyes - f.eyes.mean(0)) / 2, f.motion) for f in faces
    ]
    straight, sideways = (by_eyes(track, SIZE, 15)[0] for track in (faces, turned))
    assert abs(straight.turn) == pytest.approx(0.5)
    assert sideways.turn == pytest.approx(straight.turn)


def test_landmarks_come_to_their_places():
    places = [Similarity(2 + 0.01j * i, 5 * i + 7j) for i in range(T)]
    steps = [after @ before.inverse() for before, after in zip(places, places[1:], strict=False)]
    box = Box(0, 0, 1)
    faces = [Face(box, True, np.zeros((2, 2)), m) for m in [Similarity(), *steps]]
    points = np.stack([place(COMMON * 30) for place in places])
    points[10:14] = points[40:] = np.nan
    points[30] += 50
    for place, transform in zip(places, by_landmarks(points, faces, SIZE, 15), strict=True):
        want = place @ Similarity(30 / SIZE)  # Also where none were known, for 20 frames.
        assert abs(transform.turn - want.turn) < 1e-3
        assert abs(transform.shift - want.shift) < 0.2


def test_steady_leaves_what_moves_with_the_face():
    faces = swinging_faces()
    points = np.stack([face.eyes for face in faces])
    np.testing.assert_allclose(steady(points, np.ones((T, 2)), faces, 15), points, atol=1e-6)


def test_share_outside_by_hand():
    picture = (100, 200)
    assert share_outside(Similarity(1, 50), 100, picture) == 0
    assert share_outside(Similarity(1, 100), 100, picture) == 0
    assert share_outside(Similarity(1, -50), 100, picture) == pytest.approx(0.5, abs=0.01)
    assert share_outside(Similarity(1, 150 + 50j), 100, picture) == pytest.approx(0.75, abs=0.01)
    assert share_outside(Similarity(1, 500), 100, picture) == 1


def test_warp_brings_pixels_where_the_transform_says():
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[100:104, 200:204] = (10, 200, 90)  # Centred at 201.5, 101.5.
    clip = warp(frame, Similarity(0.5, 190 + 90j), 64)
    assert clip.shape == (64, 64, 3)
    assert clip[23, 23].tolist() == [10, 200, 90]
    np.testing.assert_allclose(np.argwhere(clip[..., 1] > 100).mean(0), [23, 23], atol=0.1)


def test_warp_averages_what_it_reduces():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 200
    clip = warp(stripes, Similarity(4), 64)
    assert np.abs(clip[8:-8, 8:-8].astype(int) - 100).max() <= 2
    frame = np.zeros((256, 256, 3), np.uint8)
    frame[120:136, 60:76] = 255  # Centred at 67.5, 127.5.
    places = np.argwhere(warp(frame, Similarity(4, 1.5 + 1.5j), 64)[..., 0] > 127).mean(0)
    np.testing.assert_allclose(places, [126 / 4, 66 / 4], atol=0.01)


def test_warp_goes_on_at_the_edge():
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[:, 0] = 77
    assert (warp(frame, Similarity(1, -20), 32)[:, :20] == 77).all()
