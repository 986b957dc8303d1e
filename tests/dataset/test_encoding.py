"""Encodings: lossless ones give the clip back, lossy ones nearly; both ways of decoding agree."""

import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
import tensorflow as tf

from dataset import encoding
from dataset.encoding import ENCODINGS, EXACT, Encoding, decode, decode_batch, parts
from growth.ladder import make_ladder
from support.errors import UserError


@pytest.fixture(scope="module")
def clip():
    """Smooth noise, uint8 [4, 32, 48, 3]."""
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (4, 6, 8, 3), np.uint8)
    return np.stack([cv2.resize(f, (48, 32), interpolation=cv2.INTER_CUBIC) for f in small])


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_clip_comes_back(clip, name):
    data = Encoding(name, quality=95).encode(clip)
    error = np.abs(decode(data, name, clip.shape).astype(int) - clip)
    assert error.mean() <= {"jpeg": 1.5, "webp": 6}.get(name, 0)
    assert (name in EXACT) == (error.max() == 0)


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_pipeline_decodes_the_same_pixels(clip, name):
    clips = np.stack([clip, clip[::-1], clip ^ 255])
    data = [[*map(bytes, Encoding(name, quality=60).encode(c))] for c in clips]
    strings = tf.reshape(tf.constant(data), [3, *parts(name, len(clip))])
    decoded = tf.function(decode_batch)(strings, name, clip.shape).numpy()
    expected = [decode(strings, name, clip.shape) for strings in data]
    np.testing.assert_array_equal(decoded, expected)


def test_jpeg_keeps_colour_at_every_pixel():
    """Neighbouring columns of red and blue: colour at half the size would mix them."""
    clip = np.zeros((1, 32, 32, 3), np.uint8)
    clip[:, :, ::2, 0], clip[:, :, 1::2, 2] = 255, 255
    decoded = decode(Encoding("jpeg", 95).encode(clip), "jpeg", clip.shape)
    assert np.abs(decoded.astype(int) - clip).max() < 60


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_quality_changes_the_size(clip, name):
    sizes = [sum(map(len, Encoding(name, quality).encode(clip))) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))


def test_small_frames_stay_raw_where_each_would_be_a_file():
    ladder = make_ladder("thesis", resolution=64)
    names = {name: [Encoding(name).at(rung).name for rung in ladder] for name in ENCODINGS}
    assert names["jpeg"] == ["raw", "raw", "raw", "jpeg", "jpeg"]
    assert names["webp"] == ["raw", "raw", "raw", "webp", "webp"]
    assert set(names["zlib"]) == {"zlib"}


@pytest.mark.parametrize("name", ENCODINGS)
def test_damaged_data_are_a_value_error(clip, name):
    data = Encoding(name).encode(clip)
    broken = [data[0][: len(data[0]) // 3], *data[1:]]
    for wrong in ([], [b""], broken, [b"x" * 100] * len(data)):
        with pytest.raises(ValueError):  # noqa: PT011 - NumPy's or ours.
            decode(wrong, name, clip.shape)


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (-1, 1, 1, 1)])
def test_a_record_that_unpacks_to_more_is_not_unpacked(shape):
    data = [zlib.compress(bytes(10**8))]
    tracemalloc.start()
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's.
        decode(data, "zlib", shape)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**6


def test_errors(monkeypatch):
    with pytest.raises(UserError, match="`encoding` should be one of raw, .* Received: png"):
        Encoding("png")
    for quality in (0, 101):
        with pytest.raises(
            UserError, match=f"`quality` should be in 1 to 100. Received: {quality}"
        ):
            Encoding("jpeg", quality)
    monkeypatch.delattr(encoding.tf.io, "decode_webp")
    with pytest.raises(UserError, match="Cannot use `encoding=webp`: TensorFlow"):
        Encoding("webp")
