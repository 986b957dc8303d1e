import itertools

import numpy as np

from dataset.faces.matching import Comparison, describe, matched_share, persons
from tests.dataset.faces.scenes import texture

BLACK = np.zeros((120, 160, 3), np.uint8)


def noisy(frame, seed):
    noise = np.random.default_rng(seed).normal(0, 3, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


def test_keypoints_lie_in_heights():
    places, values = describe(texture(0, 360, 640))  # Reduced to 180 lines.
    assert values.shape == (len(places), 128)
    assert (places.min(0) > 0).all()
    assert 1.5 < places[:, 0].max() < 640 / 360
    assert 0.8 < places[:, 1].max() < 1


def test_the_same_picture_matches_and_another_does_not():
    one, again, other = map(describe, (texture(0), noisy(texture(0), 1), texture(1)))
    assert matched_share(one, one) > 0.95
    assert matched_share(one, again) > 0.5
    assert matched_share(one, other) < 0.05


def test_share_is_of_the_fewer_keypoints():
    half = texture(0)
    half[:, 80:] = 128
    assert matched_share(describe(half), describe(texture(0))) > 0.6
    assert matched_share(describe(texture(0)), describe(half)) > 0.6


def test_what_moves_far_does_not_match():
    shifted = [np.roll(texture(0), columns, axis=1) for columns in (6, 60)]
    near, far = (matched_share(describe(texture(0)), describe(frame)) for frame in shifted)
    assert near > 0.5
    assert far < 0.1


def test_nothing_matches_nothing():
    assert matched_share(describe(BLACK), describe(texture(0))) == 0
    assert matched_share(describe(BLACK), describe(BLACK)) == 0


def test_a_change_is_told_once_and_at_its_frame():
    frames = [noisy(texture(i // 4), i) for i in range(12)]
    compare = Comparison(0.07)
    assert [i for i, frame in enumerate(frames) if compare.changes(frame)] == [4, 8]
    assert compare.changes(BLACK) is None


def test_a_logo_hides_no_cut():
    frames = [texture(0), texture(1)]
    for frame in frames:
        frame[5:30, 125:155] = texture(7)[:25, :30]
    share = matched_share(*map(describe, frames))
    assert 0 < share < 0.07
    compare = Comparison(0.07)
    assert [bool(compare.changes(frame)) for frame in frames] == [False, True]


def test_a_fade_through_black_hides_no_change():
    fade = [1, 0.5, 0.2, 0.05, 0, 0, 0.05, 0.2, 0.5, 1]
    for after, changes in ((1, 1), (0, 0)):
        frames = [(texture(0) * level).astype(np.uint8) for level in fade[:5]]
        frames += [(texture(after) * level).astype(np.uint8) for level in fade[5:]]
        compare = Comparison(0.07)
        assert sum(bool(compare.changes(frame)) for frame in frames) == changes


def test_persons_are_cut_where_they_change():
    clip = np.stack([noisy(texture(i // 5, 100, 100), i) for i in range(15)])
    assert persons(clip, np.ones(15, bool), 0.07) == [range(5), range(5, 10), range(10, 15)]


def test_frames_without_the_face_are_kept_between_those_of_one_person_alone():
    clip = np.stack([texture(seed, 100, 100) for seed in (0, 0, 0, 5, 6, 0, 0, 7, 1, 1, 8)])
    found = np.array([1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0], bool)
    assert persons(clip, found, 0.07) == [range(7), range(8, 10)]
    clip[[2, 7, 8]] = 0
    assert persons(clip, np.ones(11, bool), 0.07)[-2:] == [range(9, 10), range(10, 11)]


def test_order_of_the_two_pictures_does_not_matter():
    pictures = [describe(noisy(texture(seed), seed)) for seed in (0, 0, 1)]
    for one, other in itertools.combinations(pictures, 2):
        assert abs(matched_share(one, other) - matched_share(other, one)) < 0.1
