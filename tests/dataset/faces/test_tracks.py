import numpy as np
import pytest

from dataset.faces.detect import EYES, Box
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Tracker, follow, move, pair_up
from tests.dataset.faces.scenes import KnownFaces, scene, texture

PLAIN = np.full((120, 160), 128, np.uint8)  # No corner to follow: boxes stay where they are.


def tracks_of(boxes, frames=None, max_gap=2, begin=0):
    tracker = Tracker(KnownFaces(boxes), max_gap)
    for i in range(len(boxes)):
        tracker.add(begin + i, PLAIN if frames is None else frames[i])
    return tracker.tracks()


def test_boxes_that_overlap_become_a_track():
    boxes = [[(10 + 3 * i, 20, 40)] for i in range(5)]
    (track,) = tracks_of(boxes, begin=7)
    assert track.frames == range(7, 12)
    assert [face.box.left for face in track.faces] == [10, 13, 16, 19, 22]
    assert all(face.found for face in track.faces)
    np.testing.assert_allclose(track.faces[2].eyes, np.array([16, 20]) + 40 * EYES)


def test_two_faces_are_two_tracks_in_whatever_order_they_are_found():
    left, right = (10, 20, 40), (90, 30, 50)
    tracks = tracks_of([[left, right], [right, left], [left], [left, right]])
    assert [track.frames for track in tracks] == [range(4), range(4)]
    assert [{face.box.left for face in track.faces} for track in tracks] == [{10}, {90}]


def test_a_short_gap_is_bridged_and_a_long_one_ends_the_track():
    here = [(10, 20, 40)]
    (track,) = tracks_of([here, [], [], here])
    assert [face.found for face in track.faces] == [True, False, False, True]
    first, second = tracks_of([here, [], [], [], here, here])
    assert (first.frames, second.frames) == (range(1), range(4, 6))


def test_a_track_ends_with_the_last_frame_in_which_it_was_found():
    (track,) = tracks_of([[(10, 20, 40)]] * 3 + [[]] * 2)
    assert track.frames == range(3)


def test_a_jump_begins_another_track():
    tracks = tracks_of([[(10, 20, 40)]] * 3 + [[(80, 20, 40)]] * 3, max_gap=0)
    assert [track.frames for track in tracks] == [range(3), range(3, 6)]


def test_the_largest_overlap_wins():
    followed = [Box(0, 0, 10), Box(4, 0, 10)]
    assert pair_up(followed, [Box(5, 0, 10), Box(1, 0, 10)]) == {0: 1, 1: 0}
    assert pair_up(followed, [Box(3, 0, 10)]) == {1: 0}
    assert pair_up(followed, [Box(20, 0, 10)]) == {}


def test_overlap_by_hand():
    assert Box(0, 0, 2).overlap(Box(1, 1, 2)) == pytest.approx(1 / 7)
    assert Box(0, 0, 2).overlap(Box(5, 5, 2)) == 0
    assert Box(0, 0, 2).overlap(Box(0, 0, 2)) == 1


@pytest.mark.parametrize(
    ("after", "turn", "tolerance"),
    [((53.3, 28.8, 60), 1, 0.004), ((47, 27, 63), 63 / 60, 0.01), ((50, 30, 57), 57 / 60, 0.01)],
)
def test_follow_measures_to_a_fraction_of_a_pixel(after, turn, tolerance):
    before = (50, 30, 60)
    # What lies behind the face stays.
    pictures = [scene(1, {2: box})[..., 0] for box in (before, after)]
    motion = follow(*pictures, Box(*before))
    assert abs(motion.turn - turn) < tolerance
    moved = motion(Box(*before).at((0.5, 0.5)))
    np.testing.assert_allclose(moved, Box(*after).at((0.5, 0.5)), atol=0.15)


def test_a_turn_that_cannot_be_is_a_shift():
    before, after = (scene(1, {2: (50, 30, side)})[..., 0] for side in (60, 68))
    motion = follow(before, after, Box(50, 30, 60))
    assert motion.turn == 1
    assert abs(motion.shift - (4 + 4j)) < 1  # The centre of the larger one.


@pytest.mark.parametrize("box", [(300, 300, 40), (-100, 20, 40), (150, 110, 30), (10, 10, 3)])
def test_nothing_to_follow_is_no_motion(box):
    picture = texture(0)[..., 0]
    assert follow(picture, picture[::-1], Box(*box)) == Similarity()
    assert follow(PLAIN, PLAIN, Box(20, 20, 60)) == Similarity()


def test_a_face_that_is_missed_goes_on_with_its_motion():
    places = [(20 + 4 * i, 30, 56) for i in range(6)]
    frames = [scene(1, {2: place})[..., 0] for place in places]
    found = [[place] if i in (0, 1, 5) else [] for i, place in enumerate(places)]
    (track,) = tracks_of(found, frames, max_gap=3)
    lefts = [face.box.left for face in track.faces]
    np.testing.assert_allclose(lefts, [place[0] for place in places], atol=0.5)
    assert track.faces[0].motion == Similarity()
    np.testing.assert_allclose([face.motion.shift.real for face in track.faces[1:]], 4, atol=0.6)


def test_a_box_is_moved_about_its_centre():
    motion = Similarity(2, 5 - 3j)
    assert move(motion, Box(10, 10, 4)) == Box(2 * 12 + 5 - 4, 2 * 12 - 3 - 4, 8)
