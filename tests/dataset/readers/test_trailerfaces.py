"""TFRecords in the layout of the paper's authors."""

import numpy as np
import pytest
import tensorflow as tf

from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions, RejectedSource

CLIPS = np.random.default_rng(0).integers(0, 256, (4, 6, 3, 8, 8), np.uint8)  # [NTCHW]


def example(clip, shape=None):
    feature = {
        "shape": tf.train.Feature(int64_list=tf.train.Int64List(value=shape or clip.shape)),
        "data": tf.train.Feature(bytes_list=tf.train.BytesList(value=[clip.tobytes()])),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def write(path, records):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


@pytest.fixture
def folder(tmp_path):
    for rung, step in ((2, 2), (3, 1)):
        clips = CLIPS[..., ::step, ::step]
        write(tmp_path / f"faces-r0{rung}.tfrecords", map(example, clips))
    return tmp_path


def test_the_largest_rung_is_read(folder):
    sources = list_sources(folder, "auto", ReaderOptions())
    assert [source.name for source in sources] == [f"faces-r03.tfrecords#{i}" for i in range(4)]
    for source, clip in zip(reversed(sources), CLIPS[::-1], strict=True):  # In any order.
        np.testing.assert_array_equal(list(source.frames()), np.moveaxis(clip, 1, -1))


def test_a_rung_may_be_named(folder):
    source = list_sources(folder / "faces-r02.tfrecords", "auto", ReaderOptions())[1]
    expected = np.moveaxis(CLIPS[1, ..., ::2, ::2], 1, -1)
    np.testing.assert_array_equal(list(source.frames()), expected)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.eye(3, dtype=np.float32)[[2, 0, 1, 0]], ["2", "0", "1", "0"]),
        (np.array([10, 2, 3, 2]), ["10", "2", "3", "2"]),
        (np.zeros((4, 0), np.float32), [None] * 4),
    ],
)
def test_labels(folder, labels, expected):
    with open(folder / "faces-rxx.labels", "wb") as file:
        np.save(file, labels)
    assert [s.label for s in list_sources(folder, "auto", ReaderOptions())] == expected


def test_labels_of_another_number_are_rejected(folder):
    with open(folder / "faces-rxx.labels", "wb") as file:
        np.save(file, np.zeros(3, int))
    (source,) = list_sources(folder, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match="should have 4 labels in faces-rxx.labels. Received"):
        list(source.frames())


def damage(path, place, content):
    data = bytearray(path.read_bytes())
    data[place : place + len(content)] = content
    path.write_bytes(data)


def test_a_flipped_bit_rejects_its_record_alone(folder):
    path = folder / "faces-r03.tfrecords"
    damage(path, path.stat().st_size // 2 + 100, b"\x00\xff\x00\xff")
    sources = list_sources(folder, "auto", ReaderOptions())
    counts = []
    for source in sources:
        try:
            counts.append(len(list(source.frames())))
        except RejectedSource as error:
            counts.append(str(error).split(" Received")[0])
    assert counts == [6, 6, "should be a whole record of a clip.", 6]


@pytest.mark.parametrize("left", [1, 5, 12, 100, -3])
def test_a_cut_file_loses_its_end_alone(folder, left):
    path = folder / "faces-r03.tfrecords"
    size = path.stat().st_size // 4  # bytes of a record
    path.write_bytes(path.read_bytes()[: 2 * size + left % size])
    *whole, last = list_sources(folder, "auto", ReaderOptions())
    assert [len(list(source.frames())) for source in whole] == [6, 6]
    with pytest.raises(RejectedSource, match="should be a whole record of a clip. Received: "):
        list(last.frames())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"no example", "should be a whole record of a clip"),
        (tf.train.Example().SerializeToString(), "should be a whole record of a clip"),
        (example(CLIPS[0], (6, 3, 8, 9)), "should be a whole record of a clip"),
        (example(CLIPS[0], (6, 3, 64)), "should have the shape .T, C, H, W.. Received: .6, 3, 64."),
        (example(CLIPS[0], (6, 2, 12, 8)), "should have 1 or 3 channels"),
        (example(CLIPS[:0, 0], (0, 3, 8, 8)), "should hold uint8 frames. Received: uint8 .0, 3"),
    ],
    ids=["no example", "no features", "too few pixels", "three axes", "two channels", "no frames"],
)
def test_other_records_are_rejected(tmp_path, record, reason):
    write(tmp_path / "a-r02.tfrecords", [record])
    (source,) = list_sources(tmp_path, "auto", ReaderOptions())
    with pytest.raises(RejectedSource, match=reason):
        list(source.frames())
