"""Moving MNIST: how digits move, and the files that they come from."""

import gzip
import struct

import numpy as np
import pytest

from dataset.readers import find_sources
from dataset.readers.moving_mnist import draw, font_digits, read_digits
from dataset.readers.source import ReaderOptions
from support.errors import UserError

DOTS = np.zeros([2, 28, 28], np.uint8)  # Two grey levels, by which they are followed.
DOTS[:, 14, 14] = 100, 200


def path(seed, num_frames=60):
    """Where the brighter dot is, [T, (x, y)], in a clip that has one of each; else None."""
    clip = np.stack(list(draw(DOTS, num_frames, seed)))[..., 0]
    bright = np.argwhere(clip == 200)
    one_of_each = len(bright) == num_frames and (clip[0] == 100).sum() == 1
    return bright[:, :0:-1] - 14 if one_of_each else None


PATHS = [found for found in map(path, range(8)) if found is not None]


def test_digits_stay_in_the_picture_and_bounce():
    assert len(PATHS) >= 2
    for found in PATHS:
        assert found.min() == 0  # The walls: a digit of 28 fits into 64 there.
        assert found.max() == 36


def test_digits_move_by_a_tenth_of_the_way_per_frame():
    for found in PATHS:
        steps = np.diff(found, axis=0)
        free = ((found[1:] > 4) & (found[1:] < 32)).all(1) & (
            (found[:-1] > 4) & (found[:-1] < 32)
        ).all(1)
        assert np.linalg.norm(steps[free], axis=1).mean() == pytest.approx(3.6, abs=0.3)
        speeds = np.abs(steps[free])  # Only signs change at the walls; places are whole pixels.
        assert (speeds.max(0) - speeds.min(0) <= 1).all()


def test_the_brighter_digit_is_seen():
    digits = np.full([1, 28, 28], 90, np.uint8)
    assert {0, 90} == set(np.unique(np.stack(list(draw(digits, 50, 1)))))


def test_clips_follow_from_seed_and_number():
    sources = find_sources_of("font", num_clips=3, num_frames=5, seed=1)
    assert [source.name for source in sources] == ["digits#0", "digits#1", "digits#2"]
    clips = [np.stack(list(source.frames())) for source in sources]
    assert clips[0].shape == (5, 64, 64, 3)
    again = find_sources_of("font", num_clips=2, num_frames=5, seed=1)
    np.testing.assert_array_equal(np.stack(list(again[1].frames())), clips[1])
    assert (clips[0] != clips[1]).any()


def find_sources_of(path, **options):
    from pathlib import Path

    return find_sources(Path(path), "moving_mnist", ReaderOptions(**options)).sources


def test_digits_of_the_font_differ():
    digits = font_digits()
    assert digits.shape[1:] == (28, 28)
    assert len(np.unique(digits.reshape(len(digits), -1), axis=0)) > len(digits) / 2
    assert 20 < digits.mean() < 90


@pytest.fixture
def mnist():
    return np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def test_files_of_mnist_are_read(mnist, tmp_path):
    data = struct.pack(">4I", 2051, *mnist.shape) + mnist.tobytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(data)
    (tmp_path / "images.gz").write_bytes(gzip.compress(data))
    np.savez(tmp_path / "mnist.npz", x_train=mnist, y_train=np.arange(5))
    for name in ("train-images-idx3-ubyte", "images.gz", "mnist.npz"):
        np.testing.assert_array_equal(read_digits(tmp_path / name), mnist)
    of_folder = find_sources_of(tmp_path, num_clips=2, num_frames=3)
    of_file = find_sources_of(tmp_path / "mnist.npz", num_clips=2, num_frames=3)
    for a, b in zip(of_folder, of_file, strict=True):
        np.testing.assert_array_equal(list(a.frames()), list(b.frames()))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a", b"abc", "Cannot read digits of .*: unpack requires"),
        ("a", struct.pack(">4I", 2049, 5, 28, 28), "it is no idx file of pictures of 28x28"),
        ("a", struct.pack(">4I", 2051, 5, 28, 28) + b"abc", "cannot reshape array of size 3"),
        ("a.gz", b"abc", "Not a gzipped file"),
        ("a.npz", b"abc", "should be a whole npz file"),
    ],
)
def test_other_files_are_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=message):
        find_sources_of(tmp_path / name)


def test_a_folder_without_digits_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UserError, match=r"`source` should hold .*moving_mnist.*none found among"):
        find_sources_of(tmp_path)
    with pytest.raises(UserError, match=r"should be a file or a folder. Received: .*not there"):
        find_sources_of(tmp_path / "absent")
