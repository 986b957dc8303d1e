"""NumPy arrays: every order of axes that occurs."""

import numpy as np
import pytest

from dataset.readers import list_sources, npy
from dataset.readers.source import ReaderOptions, RejectedSource

RANDOM = np.random.default_rng(0)


def read(path):
    sources = list_sources(path, "auto", ReaderOptions())
    return [source.name for source in sources], [np.stack(list(s.frames())) for s in sources]


@pytest.mark.parametrize(
    ("order", "channels"),
    [(order, c) for order in ("NTHWC", "NTCHW", "THWC", "TCHW") for c in (1, 3)]
    + [("NTHW", 1), ("THW", 1)],
)
def test_orders_of_axes(tmp_path, order, channels):
    clips = RANDOM.integers(0, 256, (2, 5, 6, 8, channels), np.uint8)
    whole = np.moveaxis(clips, -1, 2) if "CHW" in order else clips
    part = whole if order[0] == "N" else whole[0]
    np.save(tmp_path / "a.npy", part if "C" in order else part[..., 0])
    names, found = read(tmp_path / "a.npy")
    assert names == (["a.npy#0", "a.npy#1"] if order[0] == "N" else ["a.npy"])
    np.testing.assert_array_equal(found, clips[: len(names)].repeat(3 // channels, -1))


def test_moving_mnist_has_time_first(tmp_path):
    data = RANDOM.integers(0, 256, (20, 30, 64, 64), np.uint8)
    np.save(tmp_path / "mnist_test_seq.npy", data)
    names, clips = read(tmp_path)
    assert len(names) == 30
    assert names[7] == "mnist_test_seq.npy#7"
    np.testing.assert_array_equal(clips[7], data[:, 7, ..., None].repeat(3, -1))


def test_a_folder_of_arrays_is_sorted_and_may_be_labelled(tmp_path):
    for name in ("a/10", "a/9", "b/1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / f"{name}.npy", np.zeros((3, 4, 4), np.uint8))
    sources = list_sources(tmp_path, "auto", ReaderOptions(labels="folders"))
    found = [(source.name, source.label) for source in sources]
    assert found == [("a/9.npy", "a"), ("a/10.npy", "a"), ("b/1.npy", "b")]


def test_a_large_array_is_not_read_at_once(tmp_path):
    array = np.lib.format.open_memmap(
        tmp_path / "a.npy", "w+", np.uint8, (1, 4000, 256, 256, 3)
    )  # 0.8 GB, of which nothing is on the disk.
    del array
    (source,) = npy.list_sources(tmp_path / "a.npy", ReaderOptions())
    assert sum(1 for _ in zip(source.frames(), range(3), strict=False)) == 3


def save_text(path):
    path.write_text("no array")


def save_cut(path):
    np.save(path, np.zeros((5, 6, 8), np.uint8))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    "save",
    [
        lambda path: np.save(path, np.array([{"a": 1}], object), allow_pickle=True),
        lambda path: np.save(path, np.zeros((5, 6, 8))),
        lambda path: np.save(path, np.zeros((5, 6), np.uint8)),
        lambda path: np.save(path, np.zeros((0, 6, 8), np.uint8)),
        lambda path: np.save(path, np.zeros((2, 5, 6, 8, 4), np.uint8)),
        lambda path: path.touch(),
        save_text,
        save_cut,
    ],
    ids=["objects", "floats", "one picture", "nothing", "four channels", "empty", "text", "cut"],
)
def test_bad_arrays_are_rejected_and_the_others_are_used(tmp_path, save):
    save(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.zeros((5, 6, 8), np.uint8))
    *bad, good = list_sources(tmp_path, "auto", ReaderOptions())
    assert len(list(good.frames())) == 5
    for source in bad:
        with pytest.raises(RejectedSource, match="should h.* Received: |should be an array .* Rec"):
            list(source.frames())
