"""Finds the clips of a data set that cannot be read, so that training can leave them out."""

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from dataset import storage
from dataset.records import Records, Shard
from dataset.tfrecords import FOOTER, HEADER, checked_record, fingerprint, header_lengths, scan
from growth.ladder import Rung

# What the pipeline reports of records whose fingerprints are wrong; the clips' indices follow.
OTHER_CLIPS = "records of other clips:"
_AT_ONCE = 2**24  # bytes of records


def damaged_clips(
    records: Records, rungs: Iterable[Rung], advance: Callable[[int], None] = lambda count: None
) -> dict[int, str]:
    """Reads every record of some rungs to the last bit.

    A record that is whole, but of another clip, counts as damaged. In data sets without
    fingerprints all clips of a file do whose SHA-256 is wrong while none of its records is damaged.

    Args:
        records: the data set.
        rungs: to read.
        advance: called with the number of records that were read since.

    Returns:
        {index of a clip: file and record of the first rung at which it cannot be read}.
    """
    damaged = {}
    for rung in rungs:
        first = 0
        for shard in records.shards[str(rung)]:
            for number in _damaged_records(records, rung, shard, first):
                damaged.setdefault(first + number, f"{shard.file}, record {number}")
            first += shard.records
            advance(shard.records)
    return dict(sorted(damaged.items()))


def name_damaged_record(
    records: Records, rungs: Iterable[Rung], error: tf.errors.OpError
) -> str | None:
    """File and number of the record that an error of the pipeline is about."""
    rungs = list(rungs)
    if other := re.search(rf"{OTHER_CLIPS}\] \[(\S+)\] \[(\d+)", error.message):
        rung = next(rung for rung in rungs if str(rung) == other[1])
        return f"{records.name_record(rung, int(other[2]))} (of another clip)"
    offset = re.search(r"record at (\d+)", error.message)
    if not offset:
        return None
    for rung, shard in ((r, shard) for r in rungs for shard in records.shards[str(r)]):
        begins = records.spans(rung, shard)[:, 0]
        for number in np.flatnonzero(np.isin(int(offset[1]) - begins, (0, -HEADER))):
            if _read_one(records.path(shard.file), begins[number]) is None:
                return f"{shard.file}, record {number}"
    return None


def _damaged_records(records, rung, shard: Shard, first: int) -> list[int]:
    """Numbers of the records of a shard that cannot be read, or are of other clips."""
    expected, spans = records.fingerprints(rung), records.spans(rung, shard)
    with storage.local_file(records.path(shard.file)) as path:
        values: list[int | None] = _read_whole(path, spans) or list(_read_all(path, spans))
        damaged = [number for number, value in enumerate(values) if value is None]
        if expected is not None:
            pairs = zip(values, expected[first : first + shard.records].tolist(), strict=False)
            return [number for number, (value, stated) in enumerate(pairs) if value != stated]
        if not damaged and storage.sha256(path) != shard.sha256:
            return list(range(shard.records))
        return damaged


def _read_whole(path, spans) -> list[int | None] | None:
    """The fingerprints of the records of a file, or None where something is wrong with it."""
    if storage.size(path) != spans[-1, 1] + FOOTER:
        return None
    lengths = np.diff(spans)[:, 0]
    if (header_lengths(path, spans[:, 0]) != lengths.astype(np.uint64)).any():
        return None
    batches = tf.data.TFRecordDataset(path).batch(max(1, _AT_ONCE // max(1, int(lengths.max()))))
    try:
        return np.concatenate([fingerprint(batch).numpy() for batch in batches]).tolist()
    except tf.errors.OpError:
        return None


def _read_all(path, spans) -> Iterator[int | None]:
    """Yields the fingerprint of each record of a file, or None where it cannot be read."""
    number = 0
    try:
        in_order = tf.data.TFRecordDataset(path).map(fingerprint).as_numpy_iterator()
        for stated, length, value in zip(np.diff(spans)[:, 0], scan(path), in_order, strict=False):
            if length != stated:
                break  # From here on, the records are not where the index has them.
            yield int(value)
            number += 1
    except (tf.errors.OpError, OSError):
        pass
    for begin in spans[number:, 0]:
        yield _read_one(path, begin)


def _read_one(path, begin):
    """The fingerprint of the record whose data begin there; None where it cannot be read."""
    try:
        return int(fingerprint(checked_record(path, begin)))
    except tf.errors.OpError:
        return None
