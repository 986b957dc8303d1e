import numpy as np
import pytest

from scoring.memorisation import find_neighbours
from support.errors import UserError
from tests.scoring.toys import Clips, toy_extractor


def test_copies_are_found_and_drawn():
    reals = Clips(30)
    fakes = Clips(6, seed=1)
    fakes.array = reals.array[[3, 1, 4, 15, 9, 2]]
    found, clips = find_neighbours(toy_extractor(), reals, fakes, Clips(20, seed=2), shown=4)
    assert found["ratio"] == found["nearest"] == 0
    assert (found["reals"], found["held_out"], found["fakes"]) == (30, 20, 6)
    assert clips.shape == (4, 4, 8, 16, 16, 3)
    known = {clip.tobytes() for clip in fakes.array}
    assert all(clip.tobytes() in known for clip in clips[:, 0])
    np.testing.assert_array_equal(clips[:, 1], clips[:, 0])
    assert (clips[:, 2] != clips[:, 0]).any()


def test_fair_fakes_lie_as_far_as_held_out_clips():
    sets = Clips(300), Clips(300, seed=1), Clips(300, seed=2)
    found, _ = find_neighbours(toy_extractor(), *sets, num=300)
    assert found["ratio"] == pytest.approx(1, abs=0.1)


def test_without_held_out_clips_a_tenth_stands_for_them():
    found, _ = find_neighbours(toy_extractor(), Clips(300), Clips(50, seed=1))
    assert (found["reals"], found["held_out"]) == (270, 30)


def test_fakes_of_classes_are_compared_within_their_class():
    reals, held_out = Clips(30, [0] * 28 + [1] * 2), Clips(20, [0] * 20, seed=2)
    fakes = Clips(2, [0, 1], seed=1)
    fakes.array = reals.array[[29, 28]]  # The first one is a copy of the other class.
    found, clips = find_neighbours(toy_extractor(), reals, fakes, held_out, shown=2)
    assert found["within_classes"]
    assert found["nearest"] > 0
    assert clips.shape[1] == 1 + 2  # There are only two reals of the second class.
    np.testing.assert_array_equal(clips[1, 1], clips[1, 0])
    assert (clips[0, 1] != clips[0, 0]).any()
    plain = Clips(2, seed=1)
    plain.array = fakes.array
    found, _ = find_neighbours(toy_extractor(), reals, plain, held_out, shown=2)
    assert (found["within_classes"], found["nearest"]) == (False, 0)


def test_held_out_clips_of_no_known_class_are_left_out():
    reals, fakes = Clips(30, [0] * 30), Clips(2, [0, 0], seed=1)
    held_out = Clips(20, [0] * 17 + [1, -1, -1], seed=2)
    found, _ = find_neighbours(toy_extractor(), reals, fakes, held_out)
    assert (found["within_classes"], found["held_out"]) == (True, 17)
    held_out.label_names = ("other", "names")
    found, _ = find_neighbours(toy_extractor(), reals, fakes, held_out)
    assert (found["within_classes"], found["held_out"]) == (False, 20)


def test_clips_of_other_sizes_are_drawn_at_the_size_of_the_fakes():
    fakes = Clips(5, seed=1)
    fakes.array = fakes.array[:, ::2].repeat(2, axis=2)
    _, clips = find_neighbours(toy_extractor(), Clips(30), fakes, shown=2, count=1)
    assert clips.shape == (2, 2, 4, 32, 16, 3)


def test_there_have_to_be_clips():
    with pytest.raises(UserError, match="at least two training clips and one fake. Received: 1"):
        find_neighbours(toy_extractor(), Clips(1), Clips(5, seed=1))
    with pytest.raises(UserError, match="`held_out` should be other clips"):
        find_neighbours(toy_extractor(), Clips(9), Clips(5, seed=1), Clips(9))
