"""Verifying: every kind of damage is found, and named by file and record."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from dataset.examples import decode, encode
from dataset.records import Records
from dataset.tfrecords import HEADER
from dataset.verify import find_faults
from tests.dataset.conftest import LADDER

FILE = "8x8x8/00001.tfrecord"


@pytest.fixture
def copy(shapes, tmp_path):
    return shutil.copytree(shapes, tmp_path / "copy")


def faults(folder):
    return [(f.file, f.record, f.reason) for f in find_faults(Records(folder))]


def rewrite(folder, change, restate=True):
    """Applies `change` to the list of a shard's records; `restate` corrects the metadata."""
    path = folder / FILE
    records = change(list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()))
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    if restate:
        metadata = json.loads((folder / "metadata.json").read_text())
        data = path.read_bytes()
        shard = metadata["shards"]["8x8x8"][1]
        shard.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        (folder / "metadata.json").write_text(json.dumps(metadata))
        index = dict(np.load(folder / "index.npz"))
        index["8x8x8"][5:] = [len(record) for record in records]
        np.savez(folder / "index.npz", **index)


def shard(folder):
    return Records(folder).shards["8x8x8"][1]


def altered(change):
    """A change of record 2 by `change(clip, label)`."""
    return lambda records: [*records[:2], encode(*change(*decode(records[2]))), *records[3:]]


def test_a_whole_data_set_has_no_faults(shapes):
    seen = []
    assert list(find_faults(Records(shapes), lambda: seen.append(1))) == []
    assert len(seen) == 10


def test_a_flipped_bit(copy):
    data = bytearray((copy / FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / FILE).write_bytes(data)
    (hash_fault, record_fault) = faults(copy)
    assert hash_fault == (FILE, None, "the SHA-256 is not that of the metadata")
    assert record_fault[:2] == (FILE, 2)
    assert "corrupted record" in record_fault[2]


def test_every_damaged_record_is_named(copy):
    data = bytearray((copy / FILE).read_bytes())
    (begin, _), _, _, (third, _), _ = Records(copy).spans(LADDER[1], shard(copy)).tolist()
    data[begin] ^= 1
    data[third - HEADER] ^= 1  # Its length: what follows can only be found by the index.
    (copy / FILE).write_bytes(data)
    assert [record for _, record, _ in faults(copy)] == [None, 0, 3]


def test_an_empty_file(copy):
    (copy / FILE).write_bytes(b"")
    (size, count) = faults(copy)
    assert "it has 0 bytes, and" in size[2]
    assert count == (FILE, None, "should hold 5 records. Received: 0")


def test_records_that_changed_places(copy):
    rewrite(copy, lambda records: [*records[:3], records[4], records[3]], restate=False)
    found = faults(copy)
    assert found[0] == (FILE, None, "the SHA-256 is not that of the metadata")
    assert {record for _, record, _ in found[1:]} == {3, 4}


def test_a_cut_at_a_record(copy):
    rewrite(copy, lambda records: records[:-1], restate=False)
    (size, count) = faults(copy)
    assert "bytes, and" in size[2]
    assert count == (FILE, None, "should hold 5 records. Received: 4")


def test_a_missing_file(copy):
    (copy / FILE).unlink()
    assert [fault[0] for fault in faults(copy)] == [FILE, FILE]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda clip, label: (clip[:4], label), "shape (4, 8, 8, 3) in place of (8, 8, 8, 3)"),
        (lambda clip, label: (clip, 99), "label 99 in place of one below 8"),
    ],
)
def test_a_record_of_another_kind(copy, change, reason):
    rewrite(copy, altered(change))
    (fault,) = faults(copy)
    assert fault[:2] == (FILE, 2)
    assert fault[2] == f"should hold a clip. Received: {reason}"


def test_a_record_that_is_no_example(copy):
    rewrite(copy, lambda records: [*records[:2], b"\xff\xff", *records[3:]])
    (fault,) = faults(copy)
    assert fault[:2] == (FILE, 2)
    assert fault[2].startswith("should hold a clip")


def test_rungs_that_do_not_fit(copy):
    rewrite(copy, altered(lambda clip, label: (clip ^ np.uint8(128), (label + 1) % 8)))
    files = [fault[0] for fault in faults(copy)]
    coarse = FILE.replace("8x8x8", "4x4x4")
    assert files == [coarse, coarse, FILE, FILE]


@pytest.mark.parametrize(("by", "count"), [(0, 0), (3, 2)])
def test_grey_levels_off(copy, by, count):
    rewrite(copy, altered(lambda clip, label: (clip + np.uint8(by), label)))
    assert len(faults(copy)) == count
