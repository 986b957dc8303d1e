import numpy as np
import pytest

from dataset.faces.align import COMMON
from dataset.faces.detect import EYES, Box
from dataset.faces.plan import Plan, longest_run, plan_clips
from dataset.faces.rules import FaceRules
from dataset.faces.shots import Shot
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Face, Track
from tests.dataset.faces.test_landmarks import face_of

RULES = FaceRules(size=100, min_frames=5, max_frames=12)
SAME = Similarity()
NO_EYES = np.full((2, 2), np.nan)


def track_of(begin, boxes, found=lambda i: True, eyes=lambda i: True):
    boxes = [Box(*box) for box in boxes]
    return Track(
        begin,
        [
            Face(box, found(i), box.at(EYES) if eyes(i) else NO_EYES, Similarity())
            for i, box in enumerate(boxes)
        ],
    )


def shot_of(frames, *tracks, enlarge=SAME, picture=(360, 640)):
    return Shot(frames, list(tracks), enlarge, picture)


def test_shots_are_kept_by_their_length():
    lengths = (4, 5, 12, 13)
    plans, count = plan_clips([shot_of(range(n)) for n in lengths], RULES)
    assert plans == []
    expected = {"shots": 4, "too short": 1, "too long": 1, "of a good length": 2}
    assert count == expected | {"without a face": 2}


def test_every_face_of_a_shot_is_planned():
    left, right = [(50, 100, 80)] * 10, [(300, 100, 90)] * 7
    shot = shot_of(range(20, 30), track_of(20, left), track_of(22, right))
    plans, count = plan_clips([shot_of(range(20)), shot], RULES)
    assert [(plan.shot, plan.frames) for plan in plans] == [(1, range(20, 30)), (1, range(22, 29))]
    assert count["too long"] == count["with a face"] == 1
    assert count["faces"] == count["aligned"] == 2
    for plan, box in zip(plans, (left[0], right[0]), strict=True):
        np.testing.assert_allclose(plan.transforms[3](COMMON[:2] * 100), Box(*box).at(EYES))


@pytest.mark.parametrize(
    ("track", "reason"),
    [
        (track_of(0, [(50, 100, 80)] * 4), "without a face"),
        (track_of(0, [(50, 100, 80)] * 10, found=lambda i: i % 10 in (0, 9)), "seldom found"),
        (track_of(0, [(50, 100, 80)] * 10, eyes=lambda i: i == 0), "without eyes"),
        (track_of(0, [(600, 100, 80)] * 10), "beyond the edge"),
    ],
)
def test_what_is_lost_is_counted_with_its_reason(track, reason):
    plans, count = plan_clips([shot_of(range(10), track)], RULES)
    assert plans == []
    assert count[reason] == 1
    assert count["aligned"] == 0


def test_a_face_that_leaves_the_picture_is_kept_as_long_as_it_is_in_it():
    boxes = [(500 + 10 * i, 100, 80) for i in range(12)]  # The right edge is at 640.
    (plan,), count = plan_clips([shot_of(range(12), track_of(0, boxes))], RULES)
    assert plan.frames.start == 0
    assert len(plan.frames) < 12
    assert 500 + 10 * plan.frames[-1] + 80 <= 640 + 0.12 * 80
    assert len(plan.frames) == len(plan.transforms) == len(plan.found) == len(plan.eyes)


def test_transforms_are_in_pixels_of_the_film():
    shot = shot_of(
        range(10),
        track_of(0, [(50, 100, 80)] * 10),
        enlarge=Similarity(3, 1 + 1j),
        picture=(1080, 1920),
    )
    (plan,), _ = plan_clips([shot], RULES)
    eyes = Box(50, 100, 80).at(EYES) * 3 + 1
    np.testing.assert_allclose(plan.transforms[0](COMMON[:2] * 100), eyes)


def test_landmarks_align_in_place_of_the_eyes():
    landmarks = np.tile(face_of(55, 108, 70), (10, 1, 1, 1))
    shot = shot_of(range(10), track_of(0, [(50, 100, 80)] * 10, eyes=lambda i: False))
    (plan,), _ = plan_clips([shot], RULES, landmarks)
    np.testing.assert_allclose(plan.transforms[4](COMMON * 100), (55, 108) + 70 * COMMON)
    landmarks[1:] = np.nan
    assert plan_clips([shot], RULES, landmarks)[1]["without eyes"] == 1


def test_longest_run():
    assert longest_run([False, True, True, False, True, True, True]) == range(4, 7)
    assert longest_run([True, False, True]) == range(1)
    assert len(longest_run([False])) == len(longest_run([])) == 0


def test_lines_and_summary_by_hand():
    # A clip of 11 pixels, its centre being 5, 5: twice enlarged, turned a quarter.
    turns = [Similarity(2j, shift) for shift in (10, 20, 90)]
    found, eyes = np.array([True, False, True]), np.array([1, 0.5, 0.5])
    plan = Plan(4, range(30, 33), turns, found, eyes)
    assert plan.lines(11)[0] == (30, 0.0, 10.0, 2.0, 90.0)
    summary = {"shot": 4, "begin": 30, "end": 33, "x": 10, "y": 10, "scale": 2, "angle": 90}
    assert plan.summary(11) == summary | {"found": 0.667, "eyes": 0.667}
    assert plan.part(range(1, 3)).summary(11)["begin"] == 31
    assert plan.part(range(1, 3)).summary(11)["found"] == 0.5
