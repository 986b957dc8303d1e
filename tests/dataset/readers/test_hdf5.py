"""HDF5: the authors' layout, TGAN's and VideoGPT's, and nothing from other files."""

import json
import tracemalloc

import h5py
import numpy as np
import pytest

from dataset.readers import arrays, list_sources
from dataset.readers.source import ReaderOptions, RejectedSource

CLIPS = np.random.default_rng(0).integers(0, 256, (3, 5, 3, 8, 10), np.uint8)  # [NTCHW]


def write(path, datasets, **how):
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file.create_dataset(name, data=data, **how)
    return path


def read(path):
    sources = list_sources(path, "auto", ReaderOptions())
    return sources, [np.stack(list(source.frames())) for source in sources]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_authors_layout(tmp_path, channels):
    clips = CLIPS[:, :, :channels]
    small = clips[..., ::2, ::2]
    path = write(tmp_path / "a.h5", {"data4x5": small, "data8x10": clips, "other": [1]})
    np.save(tmp_path / "a-labels.npy", np.eye(4, dtype=np.float32)[[2, 0, 2]])
    sources, frames = read(path)
    assert [(s.name, s.label) for s in sources] == [
        ("a.h5#0", "2"),
        ("a.h5#1", "0"),
        ("a.h5#2", "2"),
    ]
    expected = np.broadcast_to(np.moveaxis(clips, 2, -1), (3, 5, 8, 10, 3))
    np.testing.assert_array_equal(frames, expected)


SPANS = [(0, 4), (4, 5), (7, 15)]


@pytest.mark.parametrize("category", [True, False])
def test_tgan(tmp_path, category):
    rows = CLIPS.reshape(15, 3, 8, 10)
    path = write(tmp_path / "train.h5", {"image": rows})
    more = [{"category": name} if category else {} for name in ("run", "walk", "run")]
    clips = [{"start": b, "end": e} | m for (b, e), m in zip(SPANS, more, strict=True)]
    path.with_suffix(".json").write_text(json.dumps(clips))
    sources, frames = read(path)
    assert [source.label for source in sources] == [m.get("category") for m in more]
    for found, (begin, end) in zip(frames, SPANS, strict=True):
        np.testing.assert_array_equal(found, np.moveaxis(rows[begin:end], 1, -1))


def test_videogpt(tmp_path):
    rows = np.moveaxis(CLIPS.reshape(15, 3, 8, 10), 1, -1)
    data = {"train_data": rows, "train_idx": [0, 4, 9], "test_data": rows, "test_idx": [0]}
    sources, frames = read(write(tmp_path / "a.hdf5", data))
    assert [source.video for source in sources] == ["a.hdf5#0", "a.hdf5#1", "a.hdf5#2"]
    for found, (begin, end) in zip(frames, [(0, 4), (4, 9), (9, 15)], strict=True):
        np.testing.assert_array_equal(found, rows[begin:end])


def test_a_long_clip_is_read_a_few_frames_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", 2**20)
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", (1, 600, 3, 64, 64), np.uint8, chunks=(1, 1, 3, 64, 64))
        data[:] = 1
    (source,) = list_sources(path, "auto", ReaderOptions())
    tracemalloc.start()
    count = sum(1 for _ in source.frames())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 600
    assert peak < 4e6  # The whole has 7 MB.


def write_link(path, link):
    write(path.with_name("other.hdf5x"), {"data": CLIPS})
    with h5py.File(path, "w") as file:
        file["real"] = CLIPS
        file["data"] = link


def write_virtual(path):
    layout = h5py.VirtualLayout(CLIPS.shape, np.uint8)
    layout[:] = h5py.VirtualSource("other.hdf5x", "data", CLIPS.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("data", layout)


def write_external(path):
    raw = path.with_name("raw")
    raw.write_bytes(CLIPS.tobytes())
    write_options = {"external": [(str(raw), 0, CLIPS.nbytes)]}
    with h5py.File(path, "w") as file:
        file.create_dataset("data", CLIPS.shape, np.uint8, **write_options)


def write_tgan(path, clips):
    write(path, {"image": CLIPS[0]})
    if clips is not None:
        path.with_suffix(".json").write_text(clips)


def write_labels(path, labels):
    write(path, {"data": CLIPS})
    np.save(path.with_name("a-labels.npy"), labels, allow_pickle=True)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p: p.write_text("no HDF5"), "should be a whole HDF5 file. Received: "),
        (
            lambda p: p.write_bytes(write(p, {"data": CLIPS}).read_bytes()[:900]),
            "should be a whole HDF5",
        ),
        (lambda p: write(p, {"weights": [1]}), "should hold data, image .* Received: weights"),
        (lambda p: write(p, {}), "should hold data, image .* Received: nothing"),
        (lambda p: write(p, {"data/a": CLIPS}), "should hold data itself. Received: a link"),
        (lambda p: write_link(p, h5py.ExternalLink("other.hdf5x", "data")), "Received: a link"),
        (lambda p: write_link(p, h5py.SoftLink("/real")), "Received: a link"),
        (write_virtual, "should hold data itself"),
        (write_external, "should hold data itself"),
        (lambda p: write(p, {"data": CLIPS.astype(float)}), "should hold uint8 frames. .* float64"),
        (lambda p: write(p, {"data": CLIPS[0]}), "should have 5 axes in data"),
        (lambda p: write(p, {"data": CLIPS[:, :, [0, 1, 2, 0]]}), "should have 1 or 3 channels"),
        (
            lambda p: write_tgan(p, None),
            "should have its clips in a JSON file. Received: .*a.json: No such",
        ),
        (lambda p: write_tgan(p, "{"), "its clips in a JSON file. .*a.json: it is not JSON"),
        (lambda p: write_tgan(p, "[1]"), r"a.json: `\[0\]` should be an object"),
        (lambda p: write_tgan(p, '[{"start": 0, "end": 6}]'), "clips in 0 to 5. Received: 0 to 6"),
        (lambda p: write_tgan(p, '[{"start": 2}]'), "clips in 0 to 5. Received: 2 to None"),
        (lambda p: write(p, {"train_data": CLIPS[0]}), "should hold train_idx itself"),
        (lambda p: write_labels(p, [1, 2]), "should have 3 labels in a-labels.npy. .*int64 .2."),
        (lambda p: write_labels(p, np.array([{}], object)), "should be an array of numbers"),
    ],
)
def test_bad_files_are_rejected_and_the_others_are_used(tmp_path, spoil, reason):
    spoil(tmp_path / "a.h5")
    write(tmp_path / "b.h5", {"data": CLIPS})
    *bad, _, _, good = list_sources(tmp_path, "auto", ReaderOptions())
    assert len(list(good.frames())) == 5
    with pytest.raises(RejectedSource, match=reason):
        list(bad[0].frames())


@pytest.mark.parametrize("chunks", [None, (1, 1, 3, 64, 64)])
def test_data_that_were_never_written_are_rejected(tmp_path, chunks):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", (1000, 1000, 3, 64, 64), np.uint8, chunks=chunks)
    assert (tmp_path / "a.h5").stat().st_size < 10_000
    (source,) = list_sources(tmp_path / "a.h5", "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should hold all of data. Received: 0 of "):
        list(source.frames())


def test_frames_too_large_are_rejected(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", (1, 1, 1, 40000, 40000), np.uint8, chunks=(1, 1, 1, 4, 4))
    (source,) = list_sources(tmp_path / "a.h5", "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="pixels per picture. Received: 40000x40000"):
        list(source.frames())


@pytest.mark.parametrize("starts", [np.zeros((2, 2), int), np.zeros(3, float), np.zeros(99, int)])
def test_starts_that_are_none_are_rejected(tmp_path, starts):
    write(tmp_path / "a.h5", {"train_data": CLIPS[0], "train_idx": starts})
    (source,) = list_sources(tmp_path / "a.h5", "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should have the first frame of each video"):
        list(source.frames())


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"start": 0, "end": 2, "category": [1]}]'])
def test_json_that_is_odd_is_rejected(tmp_path, text):
    write_tgan(tmp_path / "a.h5", text)
    (source,) = list_sources(tmp_path / "a.h5", "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should have "):
        list(source.frames())


def test_damaged_data_are_rejected(tmp_path):
    path = write(tmp_path / "a.h5", {"data": CLIPS}, compression="gzip", chunks=(1, 5, 3, 8, 10))
    with h5py.File(path) as file:
        place = file["data"].id.get_chunk_info(1).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 10 : place + 60] = bytes(50)
    path.write_bytes(content)
    first, damaged, _ = list_sources(path, "auto", ReaderOptions())
    assert len(list(first.frames())) == 5
    with pytest.raises(RejectedSource, match="should be a whole HDF5 file. Received: "):
        list(damaged.frames())


def test_a_chunk_that_unpacks_to_too_much_is_rejected(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        shape = (1, 2000, 3, 256, 256)
        file.create_dataset("data", shape, np.uint8, chunks=shape, compression="gzip")
    (source,) = list_sources(tmp_path / "a.h5", "auto", ReaderOptions())
    with pytest.raises(
        RejectedSource, match="up to 268435456 bytes per chunk. Received: .*393216000"
    ):
        list(source.frames())
