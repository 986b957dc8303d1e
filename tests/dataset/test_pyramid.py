"""The pyramid: once to size, then box averages like those of the networks."""

import numpy as np
import pytest

from dataset.pyramid import fit, pool, pyramid, quantise
from growth.ladder import LADDERS, make_ladder
from growth.resample import downscale

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(20, 30), (30, 20), (8, 10), (4, 6)])
def test_fit_covers_and_cuts_the_centre(shape):
    frame = np.zeros((*shape, 3), np.uint8)
    middle = tuple(slice((n - 1) // 2, n // 2 + 1) for n in shape)
    frame[middle] = 255
    fitted = fit(frame, 8, 8)
    assert fitted.shape == (8, 8, 3)
    np.testing.assert_allclose(fitted, fitted[::-1], atol=1)
    np.testing.assert_allclose(fitted, fitted[:, ::-1], atol=1)


def test_fit_averages_whole_blocks_and_leaves_a_frame_of_the_size_alone():
    frame = RANDOM.integers(0, 256, (16, 16, 3), np.uint8)
    np.testing.assert_array_equal(fit(frame, 16, 16), frame)
    blocks = frame.reshape(8, 2, 8, 2, 3).mean((1, 3))
    np.testing.assert_allclose(fit(frame, 8, 8), blocks, atol=0.5)


def test_a_wide_frame_loses_its_sides_alone():
    frame = RANDOM.integers(0, 256, (8, 12, 3), np.uint8)
    np.testing.assert_array_equal(fit(frame, 8, 8), frame[:, 2:10])


def test_pool_by_hand():
    clip = np.arange(8.0).reshape(2, 2, 2, 1)
    assert pool(clip, (2, 2, 2)).item() == 3.5
    np.testing.assert_array_equal(pool(clip, (2, 1, 1)).ravel(), [2, 3, 4, 5])
    np.testing.assert_array_equal(pool(clip, (1, 2, 2)).ravel(), [1.5, 5.5])


@pytest.mark.parametrize("name", LADDERS)
def test_pyramid_equals_the_downscaling_of_the_networks(name):
    ladder = make_ladder(name, resolution=32)
    clip = RANDOM.integers(0, 256, (*ladder[-1].shape, 3), np.uint8)
    rungs = pyramid(clip, ladder)
    assert [rung.shape for rung in rungs] == [(*rung.shape, 3) for rung in ladder]
    np.testing.assert_array_equal(rungs[-1], clip)
    for level in range(1, len(ladder)):
        pooled = downscale(rungs[level][None], ladder.factors(level))[0]
        np.testing.assert_allclose(rungs[level - 1], pooled, rtol=1e-6)


def test_quantise_rounds():
    np.testing.assert_array_equal(quantise(np.array([0.4, 0.6, 254.6])), [0, 1, 255])
