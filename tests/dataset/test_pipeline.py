"""The stream of reals: a function of seed and position alone."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.encoding import ENCODINGS, Encoding
from dataset.examples import decode
from dataset.pipeline import ClipPipeline
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from dataset.records import Records
from dataset.tfrecords import HEADER
from growth.ladder import make_ladder
from support.errors import UserError
from tests.dataset.conftest import LADDER

TOP = LADDER.top
ROOT = Path(__file__).parents[2]


@pytest.fixture
def clips(shapes):
    return ClipPipeline(shapes, LADDER, seed=3, mirror=True)


def take(dataset, elements):
    return np.concatenate([batch.clips.numpy() for batch in itertools.islice(dataset, elements)])


def stream(clips, count, nimg=0):
    """Clips, and whether they are mirrored, at positions from `nimg` on."""
    found = clips.stream(nimg).take(count).as_numpy_iterator()
    return tuple(map(np.array, zip(*found, strict=True)))


def test_values(shapes):
    clips = ClipPipeline(shapes, LADDER, seed=0, mirror=False)
    for level, rung in enumerate(LADDER):
        batch = next(iter(clips.dataset(level, 0, 5))).clips
        assert batch.shape == (5, *rung.shape, 3)
        stored = clips.records.clips(rung, stream(clips, 5)[0])
        np.testing.assert_allclose((batch + 1) * 127.5, stored, atol=1e-4)


@pytest.mark.parametrize(
    ("labels", "expected"), [("folders", [0, 0, 0, 0, 1, 1]), ("own", [-1] * 6)]
)
def test_labels_belong_to_their_clips(tmp_path, labels, expected):
    for name in ("walk/1.npy", "run/1.npy", "run/2.npy"):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "videos" / name, np.zeros((8, 16, 16, 3), np.uint8))
    sources = list_sources(tmp_path / "videos", "auto", ReaderOptions(labels=labels))
    create_dataset(tmp_path / "data", sources, LADDER, ClipRules(8), about={})
    clips = ClipPipeline(tmp_path / "data", LADDER, seed=0, mirror=True)
    for level, rung in enumerate(LADDER):
        batch = next(iter(clips.dataset(level, 0, 6)))
        assert (batch.labels.dtype, batch.labels.shape) == (tf.int32, (6,))
        indices = stream(clips, 6)[0]
        stored = [decode(record)[1] for record in clips.records.read(rung, indices)]
        assert batch.labels.numpy().tolist() == stored
        assert sorted(stored) == expected


@pytest.mark.parametrize("nimg", [0, 6, 1003])
def test_replicas_see_the_stream_of_one(clips, nimg):
    one = take(clips.dataset(TOP, nimg, 4), 6)
    np.testing.assert_array_equal(take(clips.dataset(TOP, nimg, 4, replicas=2), 12), one)
    shares = [
        take(clips.dataset(TOP, nimg, 4, replicas=4, first_replica=r, local_replicas=2), 12)
        for r in (0, 2)
    ]
    joined = np.stack([share.reshape(6, 2, *one.shape[1:]) for share in shares], 1)
    np.testing.assert_array_equal(joined.reshape(one.shape), one)


def test_a_restart_goes_on_with_the_tail(clips):
    whole = take(clips.dataset(TOP, 0, 4), 9)
    np.testing.assert_array_equal(take(clips.dataset(TOP, 20, 4), 4), whole[20:])
    np.testing.assert_array_equal(take(clips.dataset(TOP, 20, 8), 2), whole[20:])


def test_every_epoch_shows_each_clip_once_in_another_order(clips):
    epochs = np.reshape(stream(clips, 50)[0], (5, 10))
    assert (np.sort(epochs) == np.arange(10)).all()
    assert len({tuple(epoch) for epoch in epochs}) == 5


@pytest.mark.parametrize("nimg", [1, 10, 37])
def test_the_stream_does_not_depend_on_where_it_was_entered(clips, nimg):
    whole, part = stream(clips, 60), stream(clips, 60 - nimg, nimg)
    for all_of_it, tail in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_of_it[nimg:], tail)


def test_the_seed_changes_the_order(shapes, clips):
    other = ClipPipeline(shapes, LADDER, seed=4, mirror=True)
    assert stream(clips, 10)[0].tolist() != stream(other, 10)[0].tolist()


def test_about_half_are_mirrored_left_to_right(shapes, clips):
    plain = ClipPipeline(shapes, LADDER, seed=3, mirror=False)
    _, mirrored = stream(clips, 1000)
    assert 430 < mirrored.sum() < 570
    assert not stream(plain, 1000)[1].any()
    straight, flipped = take(plain.dataset(TOP, 0, 10), 1), take(clips.dataset(TOP, 0, 10), 1)
    expected = np.where(mirrored[:10, None, None, None, None], straight[:, :, :, ::-1], straight)
    np.testing.assert_array_equal(flipped, expected)


def test_a_shorter_ladder_reads_its_rungs_by_size(shapes):
    clips = ClipPipeline(shapes, make_ladder("8x8x8 8x16x16"), seed=0, mirror=False)
    assert next(iter(clips.dataset(0, 0, 2))).clips.shape == (2, 8, 8, 8, 3)


def test_a_process_ends_while_its_pipeline_is_at_work(shapes):
    code = (
        "from pathlib import Path; from dataset.pipeline import ClipPipeline;"
        "from growth.ladder import make_ladder;"
        f"clips = ClipPipeline(Path({str(shapes)!r}), make_ladder('thesis', 16), 0, True);"
        "batches = iter(clips.dataset(2, 0, 512)); next(batches)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.fixture
def damaged(shapes, tmp_path):
    """A data set of which clips 1 (a bit) and 8 and 9 (the end of a file) cannot be read."""
    folder = shutil.copytree(shapes, tmp_path / "copy")
    records = Records(folder)
    _flip(folder / "8x8x8/00000.tfrecord", records.locate(LADDER[1]).spans[1, 0] + 100)
    path = folder / "4x4x4/00001.tfrecord"
    path.write_bytes(path.read_bytes()[: records.locate(LADDER[0]).spans[8, 1]])
    return folder


def _flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_what_is_not_whole_is_told_at_the_start(damaged):
    with pytest.raises(UserError, match="4x4x4/00001.tfrecord: it has .* bytes, and"):
        ClipPipeline(damaged, LADDER, 0, True)


def test_a_flipped_bit_is_told_where_all_is_read(shapes, tmp_path, clips):
    assert clips.check_files()
    folder = shutil.copytree(shapes, tmp_path / "copy")
    shard = folder / "8x8x8/00001.tfrecord"
    _flip(shard, shard.stat().st_size // 2)
    with pytest.raises(UserError, match=f"Cannot read {shard}: its SHA-256 is not that of"):
        ClipPipeline(folder, LADDER, 3, True).check_files()


def test_a_check_looks_no_further_than_asked(shapes, tmp_path):
    folder = shutil.copytree(shapes, tmp_path / "copy")
    shard = folder / "8x8x8/00001.tfrecord"
    _flip(shard, 0)  # The length of the first record.
    with pytest.raises(UserError, match=f"Cannot read {shard}: its record 0 has"):
        ClipPipeline(folder, LADDER, 3, True)
    clips = ClipPipeline(folder, LADDER, 3, True, check="sizes")
    with pytest.raises(UserError, match=f"Cannot read {shard}: its SHA-256"):
        clips.check_files()
    shard.write_bytes(b"")
    with pytest.raises(UserError, match=f"Cannot read {shard}: it has 0 bytes"):
        ClipPipeline(folder, LADDER, 3, True, check="sizes")
    assert len(ClipPipeline(folder, LADDER, 3, True, check="none")) == 10


@pytest.mark.parametrize("records", [None, 0, 4])
def test_a_shard_is_named_at_the_start(shapes, tmp_path, records):
    """One that is missing, empty, or cut where a record ends."""
    folder = shutil.copytree(shapes, tmp_path / "copy")
    shard = folder / "8x8x8/00001.tfrecord"
    if records is None:
        shard.unlink()
    else:
        os.truncate(shard, shard.stat().st_size // 5 * records)
    with pytest.raises(UserError, match=f"Cannot read {shard}: "):
        ClipPipeline(folder, LADDER, 3, True)


def test_a_damaged_record_that_training_meets_is_named(shapes, tmp_path):
    folder = shutil.copytree(shapes, tmp_path / "copy")
    clips = ClipPipeline(folder, LADDER, 3, True)
    path, spans = folder / "8x8x8/00001.tfrecord", clips.records.locate(LADDER[1]).spans
    for number in (0, 2):
        begin, data = spans[5 + number, 0], path.read_bytes()
        for place in (begin - HEADER, begin, begin + 300):  # The length, the first byte, another.
            _flip(path, place)
            named = f"8x8x8/00001.tfrecord, record {number} is damaged"
            with pytest.raises(UserError, match=named), clips.translate_read_errors():
                take(clips.dataset(1, 0, 5), 2)
            path.write_bytes(data)
    path.unlink()
    gone = "Cannot read .*8x8x8/00001.tfrecord; No such file"
    with pytest.raises(UserError, match=gone), clips.translate_read_errors():
        take(clips.dataset(1, 0, 5), 2)


def test_damaged_clips_are_skipped_at_every_rung(damaged, shapes):
    clips = ClipPipeline(damaged, LADDER, 3, True, skip_damaged=True)
    assert clips.skipped == {
        1: "8x8x8/00000.tfrecord, record 1",
        8: "4x4x4/00001.tfrecord, record 3",
        9: "4x4x4/00001.tfrecord, record 4",
    }
    assert len(clips) == 7
    assert clips.describe().startswith("7 clips (3 damaged ones skipped: 8x8x8/00000.tfrecord, re")
    epochs = np.reshape(stream(clips, 21)[0], (3, 7))
    assert (np.sort(epochs) == [0, 2, 3, 4, 5, 6, 7]).all()
    assert len({tuple(epoch) for epoch in epochs}) == 3
    for level, rung in enumerate(LADDER):
        batch = take(clips.dataset(level, 3, 7), 2)
        indices, mirrored = stream(clips, 14, nimg=3)
        stored = Records(shapes).clips(rung, indices)
        stored[mirrored] = stored[mirrored][:, :, :, ::-1]
        np.testing.assert_allclose((batch + 1) * 127.5, stored, atol=1e-4)


def test_a_restart_after_skipping_goes_on_with_the_tail(damaged):
    clips = ClipPipeline(damaged, LADDER, 3, True, skip_damaged=True)
    whole = take(clips.dataset(TOP, 0, 4), 6)
    again = ClipPipeline(damaged, LADDER, 3, True, skip_damaged=True)
    np.testing.assert_array_equal(take(again.dataset(TOP, 12, 4), 3), whole[12:])


def test_nothing_is_skipped_of_a_whole_data_set(shapes, clips):
    skipping = ClipPipeline(shapes, LADDER, 3, True, skip_damaged=True)
    assert skipping.skipped == {}
    assert stream(skipping, 30)[0].tolist() == stream(clips, 30)[0].tolist()


def test_a_shard_that_is_missing_is_skipped_with_all_its_clips(damaged):
    (damaged / "8x16x16/00001.tfrecord").unlink()
    assert list(ClipPipeline(damaged, LADDER, 3, True, True).skipped) == [1, 5, 6, 7, 8, 9]
    (damaged / "8x16x16/00000.tfrecord").unlink()
    with pytest.raises(UserError, match="all of its clips are damaged"):
        ClipPipeline(damaged, LADDER, 3, True, skip_damaged=True)


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_give_the_pixels_that_random_access_gives(tmp_path, name):
    ladder = make_ladder("4x16x16 4x32x32")
    sources = list_sources(
        Path(), "synthetic", ReaderOptions(num_clips=5, num_frames=4, resolution=32)
    )
    folder = tmp_path / "data"
    create_dataset(folder, sources, ladder, ClipRules(4), encoding=Encoding(name), about={})
    clips = ClipPipeline(folder, ladder, 0, False)
    assert clips.records.metadata["encoding"]["4x32x32"] == name
    for level, rung in enumerate(ladder):
        batch = next(iter(clips.dataset(level, 0, 4))).clips
        stored = clips.records.clips(rung, stream(clips, 4)[0])
        np.testing.assert_array_equal(np.rint((batch + 1) * 127.5), stored)


def test_errors(shapes, clips):
    with pytest.raises(UserError, match="divisible by the 3 replicas. Received: 4"):
        clips.dataset(TOP, 0, 4, replicas=3)
    with pytest.raises(UserError, match="Cannot use .* with the ladder"):
        ClipPipeline(shapes, make_ladder("thesis", resolution=32), 0, True)
