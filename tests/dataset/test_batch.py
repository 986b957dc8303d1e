"""Batches as networks see them: faded, with the past apart, which shows nothing of the future."""

import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from growth.ladder import make_ladder
from growth.phase import Lod
from growth.resample import fade_clips

LADDER = make_ladder("5x4x4 10x8x8")
RANDOM = np.random.default_rng(0)


def batch(clips):
    return Batch(tf.constant(clips), tf.zeros(len(clips), tf.int32))


def clips(level):
    return RANDOM.uniform(-1, 1, [2, *LADDER[level].shape, 3]).astype(np.float32)


def test_without_a_past_batches_are_only_faded():
    whole = clips(1)
    stable, fading = (batch(whole).shown(LADDER, lod) for lod in (Lod(1), Lod(1, 0.25)))
    assert stable.past is fading.past is None
    np.testing.assert_array_equal(stable.clips, whole)
    np.testing.assert_array_equal(fading.clips, fade_clips(whole, (2, 2, 2), 0.25))
    assert fading.whole() is fading.clips


@pytest.mark.parametrize("past", [1, 4, 7])
@pytest.mark.parametrize("lod", [Lod(0), Lod(1, 0.25), Lod(1)])
def test_the_past_is_apart_and_shows_nothing_of_the_future(past, lod):
    given, whole = LADDER.past_frames(past, lod.level), clips(lod.level)
    shown = batch(whole).shown(LADDER, lod, past)
    assert (shown.past is None) == (given == 0)
    assert shown.whole().shape == whole.shape
    other = whole.copy()
    other[:, given:] = RANDOM.uniform(-1, 1, other[:, given:].shape)
    if given:
        changed = batch(other).shown(LADDER, lod, past)
        np.testing.assert_array_equal(shown.past, changed.past)
        assert (shown.clips != changed.clips).numpy().any()


def test_a_faded_past_is_blended_as_far_as_pairs_of_frames_are_in_it():
    whole = clips(1)
    faded, shown = fade_clips(whole, (2, 2, 2), 0.25), batch(whole).shown(LADDER, Lod(1, 0.25), 7)
    np.testing.assert_allclose(shown.past[:, :6], faded[:, :6], atol=1e-6)
    np.testing.assert_array_equal(shown.past[:, 6], whole[:, 6])
    np.testing.assert_array_equal(shown.clips, faded[:, 7:])


def test_functions_are_of_all_values_that_are_there():
    one = batch(clips(0))
    both = one.map(lambda a, b: tf.concat([a, b], 0), one)
    assert (both.clips.shape[0], both.labels.shape[0], both.past) == (4, 4, None)
    with_past = one._replace(past=one.clips[:, :2])
    assert with_past.map(len) == Batch(2, 2, 2)
