"""Records that were exchanged, repeated or added are never served as other clips."""

import itertools
import os
import shutil

import numpy as np
import pytest

from dataset import storage
from dataset.extract import extract
from dataset.metadata import FINGERPRINTS
from dataset.pipeline import ClipPipeline
from dataset.records import Records
from support.errors import UserError
from tests.dataset.conftest import LADDER

FILE = "8x8x8/00001.tfrecord"  # Clips 5 to 9.


@pytest.fixture
def copy(shapes, tmp_path):
    return shutil.copytree(shapes, tmp_path / "copy")


def rewrite(folder, change, file=FILE):
    """Applies `change` to the list of a shard's records, header and footer included."""
    path = folder / file
    data, size = path.read_bytes(), path.stat().st_size // 5
    path.write_bytes(b"".join(change([data[i : i + size] for i in range(0, len(data), size)])))


def exchange(records):
    return [records[1], records[0], *records[2:]]


def repeat(records):
    return [records[1], *records[1:]]


def take_level_1(clips):
    return [batch.clips.numpy() for batch in itertools.islice(clips.dataset(1, 0, 5), 2)]


def flip(records):
    return [records[0][:-20] + b"\0\0\0" + records[0][-17:], *records[1:]]


@pytest.mark.parametrize(("change", "damaged"), [(exchange, {5, 6}), (repeat, {5})])
def test_other_records_are_noticed_where_they_are_read(copy, change, damaged):
    rewrite(copy, change)
    clips = ClipPipeline(copy, LADDER, 3, True)  # Sizes and lengths are right.
    wrong = r"8x8x8/00001.tfrecord, record [01] \(of another clip\) is damaged"
    with pytest.raises(UserError, match=wrong), clips.translate_read_errors():
        take_level_1(clips)
    skipping = ClipPipeline(copy, LADDER, 3, True, skip_damaged=True)
    assert set(skipping.skipped) == damaged


def test_files_that_changed_places(copy):
    os.rename(copy / FILE, copy / "aside")
    os.rename(copy / "8x8x8/00000.tfrecord", copy / FILE)
    os.rename(copy / "aside", copy / "8x8x8/00000.tfrecord")
    with pytest.raises(UserError, match="all of its clips are damaged"):
        ClipPipeline(copy, LADDER, 3, True, skip_damaged=True)
    clips = ClipPipeline(copy, LADDER, 3, True)
    with pytest.raises(UserError, match="of another clip"), clips.translate_read_errors():
        take_level_1(clips)


def test_records_that_were_added_are_not_read(copy, shapes):
    rewrite(copy, lambda records: [*records, records[0]])
    clips = ClipPipeline(copy, LADDER, 3, True, skip_damaged=True)
    assert clips.skipped == {}
    whole = take_level_1(ClipPipeline(shapes, LADDER, 3, True))
    np.testing.assert_array_equal(take_level_1(clips), whole)


def test_a_change_while_it_is_read_is_noticed(copy):
    clips = ClipPipeline(copy, LADDER, 3, True)
    batches = iter(clips.dataset(1, 0, 5))
    next(batches)
    rewrite(copy, exchange)
    with pytest.raises(UserError, match="of another clip"), clips.translate_read_errors():
        for _ in range(10):
            next(batches)


@pytest.fixture
def old(copy):
    """A data set of a version that knew no fingerprints."""
    index = dict(np.load(copy / "index.npz"))
    np.savez(copy / "index.npz", **{k: v for k, v in index.items() if FINGERPRINTS not in k})
    return copy


@pytest.mark.parametrize("change", [exchange, repeat, lambda records: [*records, records[0]]])
def test_without_fingerprints_all_clips_of_a_changed_file_are_left_out(old, change):
    rewrite(old, change)
    clips = ClipPipeline(old, LADDER, 3, True, skip_damaged=True)
    assert list(clips.skipped) == [5, 6, 7, 8, 9]


def test_without_fingerprints_a_damaged_record_is_left_out_alone(old):
    rewrite(old, flip)
    assert list(ClipPipeline(old, LADDER, 3, True, skip_damaged=True).skipped) == [5]


def test_without_fingerprints_whole_clips_are_served_as_before(old, shapes):
    before = take_level_1(ClipPipeline(shapes, LADDER, 3, True))
    np.testing.assert_array_equal(take_level_1(ClipPipeline(old, LADDER, 3, True)), before)


def test_files_that_changed_since_an_earlier_check_are_read_again(copy, monkeypatch):
    read, sha256 = [], storage.sha256
    monkeypatch.setattr(storage, "sha256", lambda path: read.append(path) or sha256(path))
    known = ClipPipeline(copy, LADDER, 3, True).check_files()
    assert len(read) == len(known) == 6
    read.clear()
    assert ClipPipeline(copy, LADDER, 3, True).check_files(known) == known
    assert read == []
    os.utime(copy / FILE)
    later = ClipPipeline(copy, LADDER, 3, True).check_files(known)
    assert read == [str(copy / FILE)]
    assert later != known


def test_a_file_with_the_same_records_in_another_order_is_refused_at_a_resume(copy):
    known = ClipPipeline(copy, LADDER, 3, True).check_files()
    rewrite(copy, exchange)
    with pytest.raises(UserError, match=f"Cannot read {copy / FILE}: its SHA-256 is not that of"):
        ClipPipeline(copy, LADDER, 3, True).check_files(known)


def test_fingerprints_belong_to_the_records(shapes):
    records = Records(shapes)
    for rung in LADDER:
        files, shards, spans = records.locate(rung)
        assert len(set(records.fingerprints(rung).tolist())) == len(shards) == len(spans) == 10
        assert len(files) == 2
        assert shards.tolist() == [0] * 5 + [1] * 5
    assert records.name_record(LADDER[1], 7) == "8x8x8/00001.tfrecord, record 2"


@pytest.mark.parametrize(
    ("change", "kept"), [(exchange, True), (repeat, True), (flip, True), (flip, False)]
)
def test_every_reader_of_single_clips_notices(copy, tmp_path, change, kept):
    rewrite(copy, change)
    if not kept:  # As in older data sets.
        index = dict(np.load(copy / "index.npz"))
        np.savez(copy / "index.npz", **{k: v for k, v in index.items() if FINGERPRINTS not in k})
    records = Records(copy)
    damaged = "Cannot read .*8x8x8/00001.tfrecord, record 0: it is damaged, or of another clip"
    with pytest.raises(UserError, match=damaged):
        records.clips(LADDER[1], [5])
    with pytest.raises(UserError, match=damaged):
        records.clip(LADDER[1], 5)
    with pytest.raises(UserError, match=damaged):
        extract(records, LADDER[1], range(4, 8), tmp_path / "out", "npy", 8)
    assert not (tmp_path / "out").exists()
    records.clips(LADDER[1], [4, 9])
