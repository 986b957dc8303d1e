"""The pyramid: once to size, then box averages like those of the networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


FACTORS = st.tuples(*[st.sampled_from((1, 2))] * 3)


@given(st.data(), FACTORS)
def test_pool_is_the_mean_of_blocks(data, factors):
    t, h, w = factors
    shape = data.draw(st.tuples(*[st.integers(1, 3)] * 3))
    clip = data.draw(arrays(np.uint8, (shape[0] * t, shape[1] * h, shape[2] * w, 3)))
    pooled = pool(clip, factors)
    assert (pooled.dtype, pooled.shape) == (np.float32, (*shape, 3))
    for i, j, k in np.ndindex(shape):
        block = clip[i * t : (i + 1) * t, j * h : (j + 1) * h, k * w : (k + 1) * w]
        assert (pooled[i, j, k] == block.mean((0, 1, 2))).all()


@given(arrays(np.uint8, (8, 16, 16, 3)), st.sampled_from(sorted(LADDERS)))
def test_every_rung_has_the_colour_of_the_clip(clip, name):
    for rung in pyramid(clip, make_ladder(name, resolution=16)):
        np.testing.assert_allclose(rung.mean((0, 1, 2)), clip.mean((0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize("name", LADDERS)
def test_pyramid_equals_the_downscaling_of_the_networks(name):
    ladder = make_ladder(name, resolution=32)
    clip = RANDOM.integers(0, 256, (*ladder[-1].shape, 3), np.uint8)
    rungs = pyramid(clip, ladder)
    assert [rung.shape for rung in rungs] == [(*rung.shape, 3) for rung in ladder]
    np.testing.assert_array_equal(rungs[-1], clip)
    for level in range(1, len(ladder)):
        finer = rungs[level][None].astype(np.float32)
        pooled = downscale(finer, ladder.factors(level))[0]
        np.testing.assert_allclose(rungs[level - 1], pooled, rtol=1e-6)


def test_quantise_rounds():
    np.testing.assert_array_equal(quantise(np.array([0.4, 0.6, 254.6])), [0, 1, 255])
    np.testing.assert_array_equal(quantise(np.arange(256, dtype=np.uint8)), np.arange(256))
