"""Checks every record of a data set, and lists what is wrong with it."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from dataset import storage
from dataset.encoding import EXACT
from dataset.examples import decode
from dataset.metadata import Shard
from dataset.pyramid import pool
from dataset.records import Records
from dataset.tfrecords import checked_record
from growth.ladder import Rung
from support.errors import UserError, short_message

TOLERANCE = 1.001  # grey levels: both sides of the comparison have been rounded once


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault of a file, or of one record of it."""

    file: str
    record: int | None
    reason: str

    def __str__(self):
        where = self.file if self.record is None else f"{self.file}, record {self.record}"
        return f"{where}: {self.reason}"


def find_faults(records: Records, advance: Callable[[], None] = lambda: None) -> Iterator[Fault]:
    """Yields all faults: size and hash of the files, and CRC, shape and label of every record.

    Each coarser rung has to be the pooled finer one, to one grey level, unless one of them is
    JPEG or WebP. A file of another size is read up to the first record that cannot be read.
    `advance` is called after each clip.
    """
    for shards in zip(*(records.shards[str(rung)] for rung in records.ladder), strict=True):
        faults, streams = [], []
        for shard, rung in zip(shards, records.ladder, strict=True):
            faults += _file_faults(records, rung, shard)
            streams.append(_clips(records, rung, shard, faults))
        for number, clips in enumerate(itertools.zip_longest(*streams)):
            faults += _rung_faults(records, shards, number, clips)
            yield from faults
            faults.clear()
            advance()
        yield from faults


def _file_faults(records, rung, shard):
    try:
        records.check_shard(rung, shard)
        if storage.sha256(records.path(shard.file)) != shard.sha256:
            yield Fault(shard.file, None, "the SHA-256 is not that of the metadata")
    except UserError as error:
        yield Fault(shard.file, None, str(error))


def _clips(records: Records, rung: Rung, shard: Shard, faults: list[Fault]):
    """Yields the clip and the label of each record, or None; adds to `faults`."""
    number = -1
    for number, record in enumerate(_read(records, rung, shard)):
        if isinstance(record, tf.errors.OpError):
            faults.append(Fault(shard.file, number, f"cannot be read: {short_message(record)}"))
            yield None
            continue
        try:
            yield _check(*decode(record), rung, records)
        except ValueError as error:
            faults.append(Fault(shard.file, number, f"should hold a clip. Received: {error}"))
            yield None
    if number + 1 != shard.records:
        reason = f"should hold {shard.records} records. Received: {number + 1}"
        faults.append(Fault(shard.file, None, reason))


def _read(records, rung, shard):
    """Yields each record of a file, or the error in its place."""
    with storage.local_file(records.path(shard.file)) as path:
        yield from _read_file(path, records.spans(rung, shard), shard.bytes)


def _read_file(path, spans, size):
    number = 0
    try:
        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            number += 1
            yield record
        return
    except tf.errors.NotFoundError:
        return
    except tf.errors.OpError as error:
        yield error
    if storage.size(path) == size:
        for begin in spans[number + 1 :, 0]:
            try:
                yield checked_record(path, begin)
            except tf.errors.OpError as error:
                yield error


def _check(clip, label, rung, records):
    labels, window = len(records.label_names), records.window
    frames = max(len(clip), window.span) if window else rung.frames
    if clip.shape != (frames, *rung.shape[1:], 3):
        raise ValueError(f"shape {clip.shape} in place of {(frames, *rung.shape[1:], 3)}")
    if label not in range(-1, labels):
        raise ValueError(f"label {label} in place of one below {labels}")
    return clip, label


def _rung_faults(records, shards, number, clips):
    """Faults between the rungs of one clip."""
    ladder = records.ladder
    for level in range(1, len(ladder)):
        if clips[level - 1] is None or clips[level] is None:
            continue
        (coarse, coarse_label), (fine, fine_label) = clips[level - 1], clips[level]
        exact = all(records.encoding(rung) in EXACT for rung in ladder[level - 1 : level + 1])
        in_time, *in_space = ladder.factors(level)
        pooled = pool(fine, (1 if records.window else in_time, *in_space))
        error = np.abs(pooled - coarse).max() if pooled.shape == coarse.shape else np.inf
        if exact and error > TOLERANCE:
            reason = f"should be {shards[level].file} pooled. Received: up to {error:.1f} grey off"
            yield Fault(shards[level - 1].file, number, reason)
        if coarse_label != fine_label:
            reason = (
                f"the label should be {fine_label} as at {ladder[level]}. Received: {coarse_label}"
            )
            yield Fault(shards[level - 1].file, number, reason)
