"""Finds the clips of a data set that cannot be read, so that training can go on without them."""

import re
from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

from dataset.records import HEADER, Records, Shard
from growth.ladder import Rung


def damaged_clips(
    records: Records, rungs: Iterable[Rung], advance: Callable = lambda count: None
) -> dict[int, str]:
    """Reads every record of some rungs to the last bit.

    `advance` is called with the number of records that were read since.

    Returns:
        {index of a clip: file and record of the first rung at which it cannot be read}.
    """
    damaged = {}
    for rung in rungs:
        first = 0
        for shard in records.shards[str(rung)]:
            for number in _damaged(records, rung, shard):
                damaged.setdefault(first + number, f"{shard.file}, record {number}")
            first += shard.records
            advance(shard.records)
    return dict(sorted(damaged.items()))


def read_record(path: tf.Tensor, begin: tf.Tensor) -> tf.data.Dataset:
    """A data set of one element: the record whose data begin at byte `begin` of a file.

    It is for functions of a pipeline: made of TensorFlow's operations, as Python in a pipeline can
    hang at the exit. It raises `tf.errors.DataLossError` where a bit is wrong.
    """
    # The operation below `tf.data.TFRecordDataset`, which alone can begin within a file.
    shard = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path],
        compression_type="",
        buffer_size=0,  # No reading ahead: the next clip lies elsewhere.
        byte_offsets=[begin - HEADER],
    )
    return tf.data.experimental.from_variant(shard, tf.TensorSpec([], tf.string)).take(1)


def checked_record(path: str, begin: int) -> bytes:
    """The record whose data begin at byte `begin`; raises `tf.errors.OpError` for a wrong bit."""
    place = tf.data.Dataset.from_tensors((path, tf.constant(begin, tf.int64)))
    try:
        return next(place.flat_map(read_record).as_numpy_iterator())
    except StopIteration:
        raise tf.errors.OutOfRangeError(None, None, "the file ends before it") from None


def name_record(records: Records, rungs: Iterable[Rung], error: tf.errors.OpError) -> str | None:
    """File and number of the record that an error of the pipeline is about, by its offset there."""
    offset = re.search(r"record at (\d+)", error.message)
    for rung, shard in ((r, shard) for r in rungs for shard in records.shards[str(r)] if offset):
        begins = records.spans(rung, shard)[:, 0]
        for number in np.flatnonzero(np.isin(int(offset[1]) - begins, (0, -HEADER))):
            if not _is_whole(records.path(shard.file), begins[number]):
                return f"{shard.file}, record {number}"
    return None


def _damaged(records, rung, shard: Shard):
    """Numbers of the records of a shard that cannot be read."""
    path, read = records.path(shard.file), 0
    try:
        for _ in tf.data.TFRecordDataset(path):
            read += 1
    except tf.errors.OpError:
        pass
    for number, begin in enumerate(records.spans(rung, shard)[read:, 0], start=read):
        if not _is_whole(path, begin):
            yield number


def _is_whole(path, begin):
    try:
        return bool(checked_record(path, begin))
    except tf.errors.OpError:
        return False
