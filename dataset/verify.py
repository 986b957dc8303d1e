"""Looks at every record of a data set, and tells what is wrong with it."""

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from dataset.pyramid import pool
from dataset.records import Records, Shard, decode
from growth.ladder import Ladder, Rung
from support.errors import UserError

TOLERANCE = 1.001  # Grey levels: both sides of the comparison have been rounded once.


@dataclasses.dataclass(frozen=True)
class Fault:
    """What is wrong with a file, or with one record of it."""

    file: str
    record: int | None
    reason: str

    def __str__(self):
        where = self.file if self.record is None else f"{self.file}, record {self.record}"
        return f"{where}: {self.reason}"


def find_faults(records: Records, advance: Callable = lambda: None) -> Iterator[Fault]:
    """Yields all faults: size and hash of the files, and of every record its CRC, shape and label.

    Each coarser rung has to be the pooled finer one, to one grey level. A file is left at the
    first record that cannot be read. `advance` is called after each clip.
    """
    for shards in zip(*(records.shards[str(rung)] for rung in records.ladder), strict=True):
        faults, streams = [], []
        for shard, rung in zip(shards, records.ladder, strict=True):
            faults += _file_faults(records, shard)
            streams.append(_read(records, shard, rung, faults))
        for number, clips in enumerate(itertools.zip_longest(*streams)):
            faults += _rung_faults(shards, number, clips, records.ladder)
            yield from faults
            faults.clear()
            advance()
        yield from faults


def _file_faults(records, shard):
    try:
        records.check_size(shard)
        with open(records.folder / shard.file, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != shard.sha256:
            yield Fault(shard.file, None, "the SHA-256 is not that of the metadata")
    except UserError as error:
        yield Fault(shard.file, None, str(error))


def _read(records: Records, shard: Shard, rung: Rung, faults: list[Fault]):
    """Yields the clip and the label of each record, or None; notes what is wrong in `faults`."""
    dataset = tf.data.TFRecordDataset(str(records.folder / shard.file)).as_numpy_iterator()
    labels, number = range(-1, len(records.label_names)), 0
    try:
        for record in dataset:
            reason = None
            try:
                clip, label = decode(record)
                if clip.shape != (*rung.shape, 3):
                    reason = f"the shape should be {rung}x3. Received: {clip.shape}"
                elif label not in labels:
                    reason = (
                        f"the label should be below {len(records.label_names)}. Received: {label}"
                    )
            except (DecodeError, IndexError, ValueError) as error:
                reason = f"should hold a clip. Received: {error}"
            if reason:
                faults.append(Fault(shard.file, number, reason))
            yield None if reason else (clip, label)
            number += 1
    except tf.errors.OpError as error:
        reason = re.sub(r"\{\{.*\}\} | \[Op:.*", "", error.message)  # Without TensorFlow's nodes.
        faults.append(Fault(shard.file, number, f"cannot be read: {reason}"))
    else:
        if number != shard.records:
            reason = f"should hold {shard.records} records. Received: {number}"
            faults.append(Fault(shard.file, None, reason))


def _rung_faults(shards, number, clips, ladder: Ladder):
    """Faults between the rungs of one clip."""
    for level in range(1, len(ladder)):
        if clips[level - 1] is None or clips[level] is None:
            continue
        (coarse, coarse_label), (fine, fine_label) = clips[level - 1], clips[level]
        error = np.abs(pool(fine, ladder.factors(level)) - coarse).max()
        if error > TOLERANCE:
            reason = f"should be {shards[level].file} pooled. Received: up to {error:.1f} grey off"
            yield Fault(shards[level - 1].file, number, reason)
        if coarse_label != fine_label:
            reason = (
                f"the label should be {fine_label} as at {ladder[level]}. Received: {coarse_label}"
            )
            yield Fault(shards[level - 1].file, number, reason)
