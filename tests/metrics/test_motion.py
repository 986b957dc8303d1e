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


def test_bytes_are_the_floats_that_they_stand_for():
    clips = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 6, 3), np.uint8)
    floats = clips / np.float32(127.5) - 1
    np.testing.assert_allclose(motion_energy(clips), motion_energy(floats), rtol=1e-5)
