import time

import numpy as np
import pytest

from metrics.weights.caffe import CaffeModel, read_blob
from support.errors import UserError
from tests.metrics.weights.files import blob, field, varint, write_caffe

KERNEL = np.arange(2 * 3 * 27, dtype=np.float32).reshape(2, 3, 3, 3, 3)
BIAS = np.float32([1, -2])


def layer(name, *blobs):
    return field(2, field(4, name) + b"".join(field(6, blob) for blob in blobs))


@pytest.fixture
def write(tmp_path):
    def write(content):
        (tmp_path / "c3d.caffemodel").write_bytes(content)
        return tmp_path / "c3d.caffemodel"

    return write


def test_the_wire_format_is_that_of_the_documentation():
    # 150 is 96 01, and "testing" in field 2 is 12 07 and its letters.
    assert field(1, 150) == b"\x08\x96\x01"
    assert field(2, b"testing") == b"\x12\x07testing"


def test_blobs_are_read(write):
    file = CaffeModel(write(field(1, b"net") + layer(b"conv1a", blob(KERNEL, True), blob(BIAS))))
    assert file.shapes == {"conv1a/0": (2, 3, 3, 3, 3), "conv1a/1": (1, 1, 1, 1, 2)}
    np.testing.assert_array_equal(file.read("conv1a/0"), KERNEL)
    np.testing.assert_array_equal(file.read("conv1a/1").ravel(), BIAS)


def test_names_may_have_a_suffix(write):
    file = CaffeModel(write(layer(b"fc6-1", blob(BIAS)) + layer(b"fc7", blob(BIAS))))
    assert list(file.shapes) == ["fc6/0", "fc7/0"]


def test_a_blob_may_have_a_shape_of_its_own(write):
    shape = field(7, field(1, varint(300) + varint(1)))
    blobs = field(7, field(5, np.arange(300, dtype="<f4").tobytes()) + shape)
    file = CaffeModel(write(field(100, field(1, b"fc6") + blobs)))
    assert file.shapes == {"fc6/0": (300, 1)}
    np.testing.assert_array_equal(file.read("fc6/0")[:, 0], np.arange(300))


def test_other_fields_are_passed_over(write):
    others = field(3, b"input") + field(4, 112) + b"\x29" + b"\xff" * 8 + b"\x2d" + b"\xff" * 4
    assert list(CaffeModel(write(others + layer(b"a", blob(BIAS)) + others)).shapes) == ["a/0"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (layer(b"a", blob(BIAS) + field(5, 3)), r"8 bytes for \[1, 1, 1, 1, 3\] floats"),
        (layer(b"a", blob(BIAS) + b"\x35" + bytes(4)), r"4 bytes for \[1, 1, 1, 1, 2\] floats"),
        (layer(b"a", field(5, 3)), "6"),
        (layer(b"a", field(6, 3)), "'int' object|bytes for"),
        (layer(b"a", b"\x33"), "wire type 3"),
        (layer(b"\xff", blob(BIAS)), "utf-8"),
        (b"\x0a" + b"\xff" * 11, "no number at byte 1[01]"),
        (b"\x0a\x05net", "a field that ends at byte 7 of 5"),
        (b"\x0a\x80", "its end is missing"),
        (b"\x0atext that begins with a new line", "a field that ends at byte|wire type"),
    ],
)
def test_a_broken_file_is_refused(write, content, reason):
    with pytest.raises(UserError, match=f"c3d.caffemodel should be a whole caffemodel.*({reason})"):
        CaffeModel(write(content))


def test_a_blob_in_a_file_of_its_own_is_read(write):
    np.testing.assert_array_equal(read_blob(write(blob(KERNEL[:1]))), KERNEL[:1])
    with pytest.raises(UserError, match="should be a whole binaryproto"):
        read_blob(write(blob(KERNEL)[:-4]))


def test_every_cut_is_noticed(write, c3d, tmp_path):
    write_caffe(tmp_path / "whole", c3d)
    data = (tmp_path / "whole").read_bytes()
    borders = {at for name in (b"conv1a", b"fc8-1") if (at := data.index(name))}
    for size in [*range(1, 120), *(at + k for at in borders for k in range(-8, 90))]:
        try:
            found = CaffeModel(write(data[:size])).shapes
        except UserError:
            continue
        assert "fc8/1" not in found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x12\x00" * (5 << 20), "more than 1000 fields"),  # Empty layers.
        (layer(b"a") * 1001, "more than 1000 fields"),
        (layer(b"a", *[blob(BIAS)] * 1001), "more than 1000 fields"),
        (layer(b"a", b"\x08\x01" * (1 << 20)), "more than 1000 fields"),
        (
            field(
                100, field(1, b"a") + field(7, field(5, b"") + field(7, field(1, b"\x01" * 10**7)))
            ),
            "more than 8 axes",
        ),
    ],
)
def test_a_file_that_would_take_minutes_is_refused_at_once(write, content, reason):
    path, begin = write(content), time.process_time()
    with pytest.raises(UserError, match=reason):
        CaffeModel(path)
    assert time.process_time() - begin < 2
