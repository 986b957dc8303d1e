import itertools

import numpy as np
import pytest
import tensorflow as tf

from growth.resample import downscale, fade, upscale

FACTORS = list(itertools.product((1, 2), repeat=3))


def clips_of(values, shape):
    return tf.reshape(tf.constant(values, tf.float32), [1, *shape, 1])


def random_clips(shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def test_upscale_by_hand():
    clips = clips_of([1, 2, 3, 4], (1, 2, 2))
    space = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    np.testing.assert_array_equal(upscale(clips, (1, 2, 2))[0, ..., 0], [space])
    np.testing.assert_array_equal(upscale(clips, (2, 2, 2))[0, ..., 0], [space, space])
    clips = clips_of([1, 2], (2, 1, 1))
    np.testing.assert_array_equal(upscale(clips, (2, 1, 1))[0, :, 0, 0, 0], [1, 1, 2, 2])


def test_downscale_by_hand():
    clips = clips_of(range(16), (2, 2, 4))
    np.testing.assert_array_equal(
        downscale(clips, (1, 2, 2))[0, ..., 0], [[[2.5, 4.5]], [[10.5, 12.5]]]
    )
    np.testing.assert_array_equal(downscale(clips, (2, 2, 2))[0, ..., 0], [[[6.5, 8.5]]])
    np.testing.assert_array_equal(
        downscale(clips, (2, 1, 1))[0, ..., 0], [[[4, 5, 6, 7], [8, 9, 10, 11]]]
    )


@pytest.mark.parametrize("factors", FACTORS)
def test_downscale_undoes_upscale(factors):
    clips = random_clips((2, 2, 4, 4, 3))
    fine = upscale(clips, factors)
    assert fine.shape[1:4] == tuple(np.multiply(factors, (2, 4, 4)))
    np.testing.assert_allclose(downscale(fine, factors), clips, atol=1e-6)


@pytest.mark.parametrize("factors", FACTORS)
def test_downscale_is_the_mean_of_blocks(factors):
    clips = random_clips((2, 4, 8, 8, 3))
    t, h, w = factors
    blocks = clips.reshape(2, 4 // t, t, 8 // h, h, 8 // w, w, 3)
    np.testing.assert_allclose(downscale(clips, factors), blocks.mean((2, 4, 6)), atol=1e-6)


def test_fade():
    coarse, fine = random_clips((2, 2, 4, 4, 3)), random_clips((2, 2, 4, 4, 3))[::-1]
    np.testing.assert_array_equal(fade(coarse, fine, 0.0), coarse)
    np.testing.assert_allclose(fade(coarse, fine, 1.0), fine, atol=1e-6)
    np.testing.assert_allclose(fade(coarse, fine, 0.25), 0.75 * coarse + 0.25 * fine, atol=1e-6)
