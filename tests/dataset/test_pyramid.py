"""The pyramid: once to size, then box averages like those of the networks."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dataset.pyramid import ORDERS, RESIZE_FILTERS, Framing, fit, pool, pyramid, quantise
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


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("crop", "columns", "rows"),
    [
        ("centre", slice(2, 10), slice(2, 10)),
        ("left", slice(0, 8), slice(2, 10)),
        ("right", slice(4, 12), slice(2, 10)),
        ("top", slice(2, 10), slice(0, 8)),
        ("bottom", slice(2, 10), slice(4, 12)),
    ],
)
def test_only_what_is_too_much_is_cut_off(crop, order, columns, rows):
    framing = Framing(crop=crop, order=order)
    wide = RANDOM.integers(0, 256, (8, 12, 3), np.uint8)
    np.testing.assert_array_equal(fit(wide, 8, 8, framing), wide[:, columns])
    tall = wide.swapaxes(0, 1)
    np.testing.assert_array_equal(fit(tall, 8, 8, framing), tall[rows])


def test_the_orders_by_hand():
    """A frame of UCF-101: 320x240."""
    frame = RANDOM.integers(0, 256, (240, 320, 3), np.uint8)
    resized = cv2.resize(frame, (171, 128), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(fit(frame, 128, 128), resized[:, 21:149])
    cropped = cv2.resize(frame[:, 40:280], (128, 128), interpolation=cv2.INTER_AREA)
    framing = Framing(order="crop_then_resize")
    np.testing.assert_array_equal(fit(frame, 128, 128, framing), cropped)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(20, 31), (31, 20), (7, 5), (8, 9), (1, 3), (400, 13)])
@pytest.mark.parametrize("size", [(8, 8), (8, 16), (3, 2)])
def test_every_size_becomes_the_one_that_is_asked_for(order, shape, size):
    assert fit(np.zeros((*shape, 3), np.uint8), *size, Framing(order=order)).shape == (*size, 3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nearest", {0, 240}),
        ("area", {120}),
        ("bilinear", {120}),
        ("bicubic", {120}),
        ("lanczos", {120}),
        ("auto", {120}),
    ],
)
def test_filters_between_two_levels(name, expected):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, 1::2] = 240
    small = fit(stripes, 8, 8, Framing(resize_filter=name))[:, 2:-2]  # Away from the edges.
    assert set(np.unique(small)) <= expected


@pytest.mark.parametrize("name", ["bilinear", "bicubic", "lanczos", "area"])
@pytest.mark.parametrize("size", [(16, 16), (13, 30)])
def test_filters_do_not_alias_when_they_shrink(name, size):
    """Stripes that are too fine for the smaller picture become grey, and not coarser stripes."""
    stripes = np.zeros((64, 128, 3), np.uint8)
    stripes[1::2] = 240
    framing = Framing(resize_filter=name)
    small = fit(np.ascontiguousarray(stripes[:60]), *size, framing)[3:-3].astype(float)
    assert small.std() < 25
    np.testing.assert_allclose(small.mean(), 120, atol=5)


def test_filters_differ_where_there_is_something_to_see():
    frame = RANDOM.integers(0, 256, (24, 24, 3), np.uint8)
    results = {name: fit(frame, 9, 9, Framing(resize_filter=name)) for name in RESIZE_FILTERS}
    np.testing.assert_array_equal(results.pop("auto"), results["area"])
    assert len({result.tobytes() for result in results.values()}) == 5
    larger = {name: fit(frame, 32, 32, Framing(resize_filter=name)) for name in RESIZE_FILTERS}
    np.testing.assert_array_equal(larger["auto"], larger["bicubic"])


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
