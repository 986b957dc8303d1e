import numpy as np

import dataset.faces.shots
from dataset.faces.rules import FaceRules
from dataset.faces.shots import shrink, watch
from tests.dataset.faces.scenes import KnownFaces, scene, texture

RULES = FaceRules(min_frames=2, max_frames=20)


def know(monkeypatch, boxes):
    monkeypatch.setattr(dataset.faces.shots, "Detector", lambda _: KnownFaces(boxes))


def test_shots_are_cut_at_their_frames(monkeypatch):
    lengths = [5, 1, 9]
    frames = [np.roll(texture(s), 2 * i, 1) for s, n in enumerate(lengths) for i in range(n)]
    know(monkeypatch, [[]] * 15)
    assert [shot.frames for shot in watch(frames, RULES)] == [range(5), range(5, 6), range(6, 15)]


def test_tracks_end_at_a_cut(monkeypatch):
    box = (40, 20, 64)
    frames = [scene(i // 4, {8 + i // 4: box}) for i in range(8)]
    know(monkeypatch, [[box]] * 8)
    shots = list(watch(frames, RULES))
    assert [[track.frames for track in shot.tracks] for shot in shots] == [
        [range(4)],
        [range(4, 8)],
    ]


def test_a_shot_that_is_too_long_is_looked_at_no_further(monkeypatch):
    know(monkeypatch, [[(40, 20, 64)]] * 20)  # Asked for more, the detector would raise.
    (shot,) = watch([texture(0)] * 30, RULES)
    assert shot.frames == range(30)


def test_another_size_is_another_shot(monkeypatch):
    know(monkeypatch, [[]] * 4)
    shots = list(watch([texture(0)] * 2 + [texture(0)[:100]] * 2, RULES))
    assert [shot.picture for shot in shots] == [(120, 160), (100, 160)]


def test_no_frames_are_no_shots():
    assert list(watch([], RULES)) == []


def test_shrink_knows_the_way_back():
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[300:304, 500:504] = 255  # Centred at 501.5, 301.5.
    grey, enlarge = shrink(frame)
    assert grey.shape == (360, 640)
    place = np.argwhere(grey).mean(0)[::-1]
    np.testing.assert_allclose(enlarge(place), [501.5, 301.5])


def test_a_small_frame_keeps_its_size():
    grey, enlarge = shrink(texture(0))
    assert grey.shape == (120, 160)
    assert (enlarge.turn, enlarge.shift) == (1, 0)
