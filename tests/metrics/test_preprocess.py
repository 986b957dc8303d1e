import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.preprocess import describe_frames, frame_indices, preprocess
from metrics.protocols import PROTOCOLS, protocol
from support.errors import UserError

NO_MEAN = np.zeros((16, 128, 171, 3), np.float32)
RULES = ("first16", "centre16", "stride2")


def ramp(height, width, frames=16):
    """A clip whose red is the row, green the column and blue the frame."""
    t, y, x = np.mgrid[:frames, :height, :width]
    return np.stack([y, x, t], axis=-1).astype(np.uint8)[None]


def columns(values, height, frames=16):
    """A grey clip of which every row holds `values`."""
    return np.broadcast_to(np.uint8(values)[:, None], (1, frames, height, len(values), 3)).copy()


def with_frames(name, frames):
    return dataclasses.replace(protocol(name), frames=frames)


# Size, grid and crop.


def test_tgan_crops_the_middle_and_its_columns_of_the_mean():
    y, x = np.mgrid[:112, :112]
    t, rows, cols = np.mgrid[:16, :128, :171]
    cube = np.stack([cols, 2 * rows, 100 + t], axis=-1).astype(np.float32)  # blue, green, red
    ready = preprocess(ramp(128, 128), protocol("tgan"), cube)
    for t in range(16):
        expected = [t - (29 + x), (8 + x) - 2 * (8 + y), (8 + y) - (100 + t)]
        np.testing.assert_array_equal(ready[0, t], np.stack(expected, axis=-1))


@pytest.mark.parametrize("name", ["tgan2", "styleganv"])
def test_tgan2_takes_other_columns_of_the_mean(name):
    y, x = np.mgrid[:112, :112]
    t, rows, cols = np.mgrid[:16, :128, :171]
    cube = np.stack([cols, 2 * rows, 100 + t], axis=-1).astype(np.float32)
    ready = preprocess(ramp(112, 112), protocol(name), cube)
    for t in range(16):
        expected = [t - (8 + x), x - 2 * (8 + y), y - (100 + t)]
        np.testing.assert_array_equal(ready[0, t], np.stack(expected, axis=-1))


def test_tgan2_aligns_the_corners():
    # 223 pixels to 112: every second one, and the last is the last.
    ready = preprocess(ramp(223, 223), protocol("tgan2"), NO_MEAN)
    np.testing.assert_allclose(ready[0, 3, :, 7, 2], 2 * np.arange(112), atol=1e-4)
    np.testing.assert_allclose(ready[0, 3, 7, :, 1], 2 * np.arange(112), atol=1e-4)


def test_aligned_corners_by_the_example_of_chainer():
    tiny = dataclasses.replace(protocol("tgan2"), size=(6, 6), crop=6, mean=None)
    picture = np.uint8([[1, 2, 0], [3, 4, 0], [0, 0, 0]])
    clip = np.broadcast_to(picture[..., None], (1, 16, 3, 3, 3))
    expected = [
        [1.0, 1.4, 1.8, 1.6, 0.8, 0.0],
        [1.8, 2.2, 2.6, 2.24, 1.12, 0.0],
        [2.6, 3.0, 3.4, 2.88, 1.44, 0.0],
        [2.4, 2.72, 3.04, 2.56, 1.28, 0.0],
        [1.2, 1.36, 1.52, 1.28, 0.64, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ]
    np.testing.assert_allclose(preprocess(clip, tiny)[0, 0, :, :, 0], expected, atol=1e-5)


def test_fvd_has_the_grid_of_tensorflow_1():
    # 56 pixels to 224: pixel i is at i / 4, and beyond the last one the last is repeated.
    ready = preprocess(columns(4 * np.arange(56), 56, frames=9), protocol("fvd"))
    levels = np.minimum(np.arange(224), 220)
    np.testing.assert_allclose(ready[0, 0, 100, :, 0], 2 * levels / 255 - 1, atol=1e-6)
    turned = preprocess(columns(4 * np.arange(56), 56, frames=9).swapaxes(2, 3), protocol("fvd"))
    np.testing.assert_array_equal(turned, ready.swapaxes(2, 3))


def test_c3d_torch_aligns_the_centres_of_pixels():
    # 56 pixels to 112: pixel i is at (i + 1/2) / 2 - 1/2.
    ready = preprocess(columns(4 * np.arange(56), 56), protocol("c3d_torch"))
    levels = np.clip(2 * np.arange(112) - 1, 0, 220)
    np.testing.assert_allclose(ready[0, 0, 50, :, 0], levels, atol=1e-4)


def test_bilinear_is_that_of_opencv():
    clip = np.random.default_rng(0).integers(0, 256, (1, 16, 75, 91, 3), np.uint8)
    ready = preprocess(clip, protocol("c3d_torch"))
    for frame, found in zip(clip[0], ready[0], strict=True):
        expected = cv2.resize(frame.astype(np.float32), (136, 112))[
            :, 12:124
        ]  # 91 x 112/75 = 135.9
        np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize(
    ("name", "sides", "expected"),
    [
        # Between two dark columns of four: neither bright one is seen.
        ("c3d_torch", 448, 0),
        ("i3d", 1024, -1),
        # Four taps at a half: -0.09375, 0.59375 twice, -0.09375. What overshoots is not cut off.
        ("tgan", 512, -47.8125),
    ],
)
def test_shrinking_is_not_antialiased(name, sides, expected):
    clip = columns(np.tile([255, 0, 0, 255], sides // 4), sides, frames=9)
    ready = preprocess(clip, protocol(name), NO_MEAN)
    np.testing.assert_allclose(ready, expected, atol=1e-4)


def test_tf1_sees_every_second_column():
    ready = preprocess(columns(np.tile([255, 0], 224), 30, frames=9), protocol("fvd"))
    np.testing.assert_array_equal(ready, 1)


def test_c3d_torch_crops_the_longer_side():
    wide = preprocess(ramp(112, 200), protocol("c3d_torch"))
    np.testing.assert_allclose(wide[0, 0, 5, :, 1], 44 + np.arange(112), atol=1e-4)
    np.testing.assert_allclose(wide[0, 0, :, 5, 0], np.arange(112), atol=1e-4)
    tall = preprocess(ramp(201, 112), protocol("c3d_torch"))
    np.testing.assert_allclose(tall[0, 0, :, 5, 0], 44 + np.arange(112), atol=1e-4)


def test_i3d_crops_224_of_256():
    ready = preprocess(columns(np.arange(256), 256, frames=9), protocol("i3d"))
    np.testing.assert_allclose(ready[0, 0, 9, :, 0], 2 * (16 + np.arange(224)) / 255 - 1, atol=1e-6)


def test_others_stretch():
    for name, shape in (("tgan", (64, 171)), ("tgan2", (240, 320)), ("fvd", (48, 96))):
        halves = columns(np.repeat([10, 200], shape[1] // 2 + 1)[: shape[1]], shape[0])
        ready = preprocess(halves, protocol(name), NO_MEAN)
        side = protocol(name).crop
        assert ready.shape == (1, 16, side, side, 3)
        assert ready[0, 0, 50, 0, 0] < ready[0, 0, 50, -1, 0]


# Channels, range and mean.


@pytest.mark.parametrize("name", PROTOCOLS)
def test_channels_and_range(name):
    clip = np.zeros((1, 1 if name == "inception_keras" else 16, 64, 64, 3), np.uint8)
    clip[..., 0] = 255  # red
    low, high = (-1, 1) if name in ("fvd", "i3d", "inception_keras") else (0, 255)
    rgb = name in ("c3d_torch", "fvd", "i3d", "inception_keras")
    red = (high, low, low) if rgb else (low, low, high)
    ready = preprocess(clip, protocol(name), NO_MEAN)
    assert ready.dtype == np.float32
    np.testing.assert_allclose(ready, np.broadcast_to(np.float32(red), ready.shape), atol=1e-4)
    assert np.abs(ready).max() <= max(abs(low), high)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tgan", (29, 18, 7)), ("tgan2", (29, 18, 7)), ("c3d_torch", (7, 18, 29))],
)
def test_three_numbers_for_a_mean(name, expected):
    clip = np.broadcast_to(np.uint8([10, 20, 30]), (1, 16, 64, 64, 3))  # red, green, blue
    ready = preprocess(clip, protocol(name), np.array([1, 2, 3]))  # blue, green, red
    np.testing.assert_allclose(ready, np.broadcast_to(expected, ready.shape), atol=1e-4)


@pytest.mark.parametrize("name", ["c3d_torch", "fvd", "i3d"])
def test_protocols_without_a_mean_leave_the_cube(name):
    with_cube = preprocess(ramp(40, 40), protocol(name), NO_MEAN + 100)
    np.testing.assert_array_equal(with_cube, preprocess(ramp(40, 40), protocol(name)))


@pytest.mark.parametrize("name", ["fvd", "i3d"])
def test_a_mean_is_for_c3d_alone(name):
    with_mean = preprocess(ramp(40, 40), protocol(name), np.array([90, 97, 101]))
    np.testing.assert_array_equal(with_mean, preprocess(ramp(40, 40), protocol(name)))


# Frames.


@pytest.mark.parametrize(
    ("frames", "num", "expected", "words"),
    [
        ("first16", 32, list(range(16)), "frames 0 to 15 of 32"),
        ("centre16", 32, list(range(8, 24)), "frames 8 to 23 of 32"),
        ("centre16", 33, list(range(8, 24)), "frames 8 to 23 of 33"),
        ("stride2", 32, list(range(0, 32, 2)), "frames 0 to 30 of 32, every second"),
        ("stride2", 64, list(range(16, 48, 2)), "frames 16 to 46 of 64, every second"),
        (
            *("stride2", 20, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18]),
            "frames 0 to 18 of 20, 16 of them, evenly",
        ),
        ("stride2", 16, list(range(16)), "all 16 frames"),
        ("centre16", 16, list(range(16)), "all 16 frames"),
        (
            *("first16", 9, [0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6, 7, 7, 8]),
            "frames 0 to 8 of 9, repeated evenly to 16",
        ),
        (
            *("stride2", 8, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]),
            "frames 0 to 7 of 8, repeated evenly to 16",
        ),
        ("centre16", 1, [0] * 16, "frames 0 to 0 of 1, repeated evenly to 16"),
    ],
)
def test_frames_for_c3d(frames, num, expected, words):
    chosen = with_frames("c3d_torch", frames)
    assert frame_indices(num, chosen) == expected
    assert describe_frames(num, chosen) == words
    shown = preprocess(ramp(8, 8, num), chosen)[0, :, 50, 50, 2]
    np.testing.assert_allclose(shown, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("frames", "num", "expected", "words"),
    [
        ("all", 9, list(range(9)), "all 9 frames"),
        ("all", 32, list(range(32)), "all 32 frames"),
        ("centre16", 32, list(range(8, 24)), "frames 8 to 23 of 32"),
        ("stride2", 32, list(range(0, 32, 2)), "frames 0 to 30 of 32, every second"),
        ("centre16", 9, list(range(9)), "all 9 frames"),
    ],
)
def test_frames_for_i3d(frames, num, expected, words):
    chosen = with_frames("fvd", frames)
    assert frame_indices(num, chosen) == expected
    assert describe_frames(num, chosen) == words
    shown = preprocess(ramp(8, 8, num), chosen)[0, :, 50, 50, 2]
    np.testing.assert_allclose((shown + 1) * 127.5, expected, atol=1e-4)


@given(st.integers(1, 200), st.sampled_from(RULES))
def test_frames_keep_their_order_and_none_of_a_short_clip_is_lost(num, frames):
    taken = frame_indices(num, with_frames("c3d_torch", frames))
    assert len(taken) == 16
    assert taken == sorted(taken)
    assert taken[0] >= 0
    assert taken[-1] < num
    assert len(set(taken)) == min(num, 16)


# Batches.


@pytest.mark.parametrize("name", PROTOCOLS)
def test_batches_do_not_matter(name):
    random = np.random.default_rng(0)
    clips = random.integers(
        0, 256, (3, 1 if name == "inception_keras" else 20, 40, 50, 3), np.uint8
    )
    cube = random.uniform(80, 120, NO_MEAN.shape).astype(np.float32)
    before = clips.copy()
    whole = preprocess(clips, protocol(name), cube)
    parts = [preprocess(part, protocol(name), cube) for part in (clips[:1], clips[1:])]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    np.testing.assert_array_equal(clips, before)
    assert np.abs(whole[0] - whole[1]).max() > 0.1


# Mistakes.


@pytest.mark.parametrize(
    ("name", "clips", "sentence"),
    [
        ("tgan", np.zeros((2, 16, 8, 8, 1), np.uint8), r"colour, .*: shape \[2, 16, 8, 8, 1\]$"),
        ("fvd", np.zeros((16, 8, 8, 3), np.uint8), r"\[N, T, H, W, 3\].*: shape \[16, 8, 8, 3\]$"),
        ("tgan", np.zeros((0, 16, 8, 8, 3), np.uint8), r"at least one clip.*\[0, 16, 8, 8, 3\]$"),
        ("tgan", np.zeros((1, 0, 8, 8, 3), np.uint8), r"with frames.*\[1, 0, 8, 8, 3\]$"),
        ("tgan", np.zeros((1, 16, 8, 8, 3), np.float32), "uint8, grey.*: float32$"),
        ("fvd", np.full((1, 16, 8, 8, 3), np.nan), "uint8, grey.*: float64 with NaN$"),
        ("fvd", np.zeros((1, 8, 8, 8, 3), np.uint8), "fvd should have at least 9 frames.*: 8$"),
        ("i3d", np.zeros((1, 1, 8, 8, 3), np.uint8), "i3d should have at least 9 frames.*: 1$"),
    ],
)
def test_clips_that_cannot_be_scored(name, clips, sentence):
    with pytest.raises(UserError, match=sentence):
        preprocess(clips, protocol(name), NO_MEAN)


@pytest.mark.parametrize("name", ["thesis", "tgan", "tgan2", "styleganv"])
def test_a_mean_that_is_missing(name):
    with pytest.raises(
        UserError,
        match=f"The protocol {name} should be given the mean .* Convert the weights with a mean",
    ):
        preprocess(ramp(8, 8), protocol(name))


@pytest.mark.parametrize(
    ("mean", "shape"),
    [
        (np.zeros(4), r"\[4\]"),
        (np.zeros((3, 16, 128, 171)), r"\[3, 16, 128, 171\]"),
        (np.array([90, 97, np.nan]), r"\[3\]"),
    ],
)
def test_a_mean_that_cannot_be(mean, shape):
    with pytest.raises(
        UserError, match=rf"`mean` should be 3 finite numbers or a cube.*: shape {shape}$"
    ):
        preprocess(ramp(8, 8), protocol("tgan"), mean)
