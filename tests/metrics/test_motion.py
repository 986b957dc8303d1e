import numpy as np

from metrics.motion import motion_energy


def test_still_clips_have_none():
    clips = np.repeat(np.random.default_rng(0).uniform(-1, 1, [2, 1, 4, 4, 3]), 5, axis=1)
    np.testing.assert_array_equal(motion_energy(clips), [0, 0])
    np.testing.assert_array_equal(motion_energy(clips[:, :1]), [0, 0])


def test_grey_levels_a_frame():
    clips = np.zeros([1, 3, 1, 1, 1])
    clips[0, :, 0, 0, 0] = [-1, 1, 1]  # One step of 255 in two.
    np.testing.assert_allclose(motion_energy(clips), [127.5])
