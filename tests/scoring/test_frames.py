import numpy as np
import pytest

from scoring.frames import consistency, frame_curve, network_features, score_frames, stored_sets
from scoring.single_frames import SingleFrames, StoredClips
from tests.scoring.toys import Clips, frechet, toy_extractor


class MovingClips(Clips):
    """Clips whose frames differ: each gets brighter."""

    def __init__(self, num, seed=0, kind="data set", worse=0, late=0):
        super().__init__(num, seed=seed, kind=kind, offset=worse)
        self.array = np.repeat(self.array[:, :1], 8, axis=1)
        steps = np.arange(8) + late * (np.arange(8) >= 4)
        self.array = (self.array + steps[:, None, None, None]).astype(np.uint8)


def test_one_random_frame_per_clip_by_its_index():
    clips = MovingClips(30)
    frames = SingleFrames(clips, "random", seed=1)
    taken = np.stack(list(frames.clips(range(30))))
    assert taken.shape == (30, 1, 16, 16, 3)
    numbers = (taken - clips.array[:, :1])[:, 0, 0, 0, 0]
    assert set(numbers) > {0, 3, 7}
    again = np.stack(list(frames.clips([5, 2])))
    np.testing.assert_array_equal(again, taken[[5, 2]])
    other = np.stack(list(SingleFrames(clips, "random", seed=2).clips(range(30))))
    assert (other != taken).any()


def test_all_frames_are_in_order():
    clips = MovingClips(3)
    frames = SingleFrames(clips, "all")
    assert len(frames) == 24
    np.testing.assert_array_equal(next(frames.clips([13])), clips.array[1, 5:6])
    assert frames.about["kind"] == "frames of data set"


def test_a_frame_is_scored_as_a_frozen_clip():
    reals, fakes = MovingClips(40), MovingClips(12, seed=1, kind="array", worse=55)
    extractor = toy_extractor()
    values = extractor.extract(SingleFrames(reals, 3), range(4)).values
    frozen = np.repeat(reals.array[:4, 3:4], 8, axis=1)
    np.testing.assert_allclose(values, extractor.values(list(frozen)))
    found = score_frames(extractor, reals, fakes, num=12, controls=("frozen", "shuffled", "noise"))
    entry = found["measures"]["frechet_distance"]
    assert entry["value"] > 2 * entry["floor"]
    assert (entry["clips"], found["fakes"]["frame"]) == (12, "random")
    # Frames of shuffled clips are frames of clips.
    controls = {k: v["frechet_distance"] for k, v in found["controls"].items()}
    assert controls["shuffled"] == pytest.approx(controls["unchanged"], rel=0.1)
    assert controls["shuffled"] != controls["unchanged"]


def test_all_frames_count_and_the_floor_is_of_other_clips():
    reals, fakes = MovingClips(20), MovingClips(9, seed=1, kind="array")
    found = score_frames(toy_extractor(), reals, fakes, num=10, pick="all", seed=2)
    entry = found["measures"]["frechet_distance"]
    assert (entry["clips"], entry["floor_clips"]) == (72, 72)
    order = np.random.default_rng(2).permutation(20)
    first, second = (
        toy_extractor().extract(SingleFrames(StoredClips(reals, part), "all"), range(72)).values
        for part in (order[:9], order[9:18])
    )
    assert entry["floor"] == pytest.approx(frechet(first, second), rel=1e-3)


def test_the_curve_rises_where_frames_get_worse():
    reals, fakes = MovingClips(40), MovingClips(20, seed=1, kind="array", late=40)
    sets = stored_sets(reals, fakes, None, 20, seed=0)
    curve = frame_curve(toy_extractor(), *sets)
    assert curve["frames"] == list(range(8))
    distance, floor = (curve[kind]["frechet_distance"] for kind in ("fakes", "floor"))
    assert max(distance[:4]) < 5 * max(floor)
    assert min(distance[4:]) > 5 * max(distance[:4])
    assert len(curve["shuffled"]["kernel_distance"]) == 8


def test_stored_clips_are_made_once():
    clips = MovingClips(6)
    stored = StoredClips(clips, [4, 1])
    assert clips.read == [4, 1]
    np.testing.assert_array_equal(list(stored.clips([1, 0, 1])), clips.array[[1, 4, 1]])
    assert stored.about["sha256"] != clips.about["sha256"]
    assert clips.read == [4, 1]


def test_content_and_motion_of_controls():
    clips = MovingClips(6)
    found = consistency({"reals": clips}, features=lambda clip: clip.mean((1, 2)))
    assert found["frozen"] == {"content_distance": 0, "motion": 0, "clips": 6}
    pairs = np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    expected = np.sqrt(3) * pairs.sum() / 56
    assert found["reals"]["content_distance"] == pytest.approx(expected)
    assert found["shuffled"]["content_distance"] == pytest.approx(expected)
    assert found["reals"]["motion"] == pytest.approx(1)
    assert found["shuffled"]["motion"] > 1.5


def test_features_of_a_network_are_of_each_frame():
    clip, extractor = MovingClips(1).array[0], toy_extractor()
    values = network_features(extractor)(clip)
    assert values.shape == (8, 48)
    np.testing.assert_allclose(values[5, :3], clip[5].mean((0, 1)))
