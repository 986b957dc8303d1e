"""NumPy arrays: every order of axes that occurs."""

import re

import numpy as np
import pytest

from dataset.readers import list_sources, npy, unpack
from dataset.readers.files import Files
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
    (source,) = npy.list_sources(Files.below(tmp_path / "a.npy"), ReaderOptions())
    assert sum(1 for _ in zip(source.frames(), range(3), strict=False)) == 3


@pytest.mark.parametrize(
    ("order", "count"),
    [
        ("THWC", 1),
        ("TCHW", 1),
        ("CTHW", 1),
        ("NTHWC", 5),
        ("NTCHW", 5),
        ("NCTHW", 5),
    ],
)
def test_every_order_of_axes_gives_the_same_clips(tmp_path, order, count):
    """T, H and W as PyTorch, TensorFlow and others hold them."""
    clips = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 8, 3), np.uint8)
    axes = ["NTHWC".index(axis) for axis in order]
    array = clips.transpose(axes) if len(order) == 5 else clips[0].transpose([i - 1 for i in axes])
    np.save(tmp_path / "a.npy", array)
    sources = list_sources(tmp_path, "auto", ReaderOptions())
    assert len(sources) == count
    for clip, source in zip(clips, sources, strict=False):
        np.testing.assert_array_equal(list(source.frames()), clip)


@pytest.mark.parametrize("shape", [(5, 4, 16, 8, 8), (2, 2), (1, 2, 3, 4, 5, 6)])
def test_a_shape_that_is_rejected_is_the_files(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match=f"Received: {re.escape(str(list(shape)))}"):
        list(source.frames())


@pytest.mark.parametrize("shape", [(-5, 6, 8), (10**6, 10**6, 8), (2**62, 4, 4)])
def test_a_header_that_claims_what_is_not_there(tmp_path, shape):
    with open(tmp_path / "a.npy", "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(240))
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(
        RejectedSource, match="should be an array of numbers. Received: Cannot read"
    ):
        list(source.frames())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_a_npz_file(tmp_path, save):
    clips = np.random.default_rng(0).integers(0, 256, (3, 6, 8, 8, 3), np.uint8)
    save(tmp_path / "a.npz", train=clips, test=clips[::-1], labels=np.arange(3))
    sources = list_sources(tmp_path, "auto", ReaderOptions())
    names = [f"a.npz/{key}#{i}" for key in ("train", "test") for i in range(3)]
    assert [source.name for source in sources] == names
    for source, clip in zip(sources, [*clips, *clips[::-1]], strict=True):
        np.testing.assert_array_equal(list(source.frames()), clip)
    save(tmp_path / "a.npz", clips[0])
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    assert source.name == "a.npz"
    np.testing.assert_array_equal(list(source.frames()), clips[0])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_npz_file_is_rejected(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should be a whole npz file. Received: "):
        list(source.frames())


def test_a_npz_file_that_unpacks_to_too_much_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_MEMBER", 10_000)
    np.savez_compressed(tmp_path / "a.npz", np.zeros((100, 64, 64), np.uint8))
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should unpack to no more than 100 times its size"):
        list(source.frames())


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
        with pytest.raises(
            RejectedSource, match="should (hold|be an array|be a whole array).* Rec"
        ):
            list(source.frames())
