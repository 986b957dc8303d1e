"""The clips of sources become the shards of a data set."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from dataset import storage
from dataset.encoding import raw_bytes
from dataset.metadata import Shard
from dataset.tfrecords import FOOTER, HEADER, fingerprint, scan
from dataset.unfinished import Paths, Unfinished
from growth.ladder import Ladder
from support.errors import UserError, short_message
from support.files import write_atomically
from support.threads import ahead


def clips_per_gigabyte(ladder: Ladder) -> int:
    """The number of raw clips with which a shard of the full clips has about a gigabyte."""
    return max(1, 2**30 // raw_bytes(ladder[-1]))


def shard_name(data_set: str, number: int) -> str:
    """The name of a shard in the journal."""
    return f"{data_set}/{number:05d}"


def write_records(path: Path, records: Iterable[bytes]):
    """Writes records as a TFRecord file, whole or not at all.

    Raises:
        UserError: the file cannot be written, as where the disk is full.
    """
    try:
        with write_atomically(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
            for record in records:
                writer.write(record)
    except tf.errors.OpError as error:
        raise UserError(f"Cannot write {path}: {short_message(error)}.") from error


class ShardWriter:
    """Distributes the clips of parts over shards, in the same way at all rungs.

    A shard is written when it is full, its clips in an order drawn from the seed. A part is
    deleted when all its clips are in shards. Shards that were written before are kept.

    Attributes:
        shards: {rung: shards}.
        fingerprints: {rung: `tfrecords.fingerprint` of each record}.

    Args:
        work: has the parts, and records the shards.
        name: of the data set.
        ladder: the rungs of each clip.
        size: clips per shard.
        seed: of the order within shards.
    """

    def __init__(self, work: Unfinished, name: str, ladder: Ladder, size: int, seed: int):
        self.work, self.name, self.ladder, self.size, self.seed = work, name, ladder, size, seed
        self.shards = {str(rung): [] for rung in ladder}
        self.fingerprints = {str(rung): [] for rung in ladder}
        self._pending = []  # (position of the part, number of the clip in it)

    def add(self, position: int, clips: int):
        """Takes the first `clips` clips of a part."""
        for number in range(clips):
            self._pending.append((position, number))
            if len(self._pending) == self.size:
                self._write(keep=position)
        if not self._pending or self._pending[-1][0] != position:
            self._drop([position])

    def close(self) -> dict[str, list[Shard]]:
        """Writes the last shard, and returns all of each rung."""
        if self._pending:
            self._write()
        return self.shards

    def _write(self, keep=None):
        number = len(self.shards[str(self.ladder[0])])
        name = shard_name(self.name, number)
        if name not in self.work.shards:
            shard = (self.work.paths, self.name, self.ladder, self.seed, number, self._pending)
            self.work.add_shard(name, write_shard(*shard))
        for rung, file in zip(self.shards, self.work.shards[name], strict=True):
            self.shards[rung].append(Shard.of(file))
            self.fingerprints[rung] += file.get("fingerprints", [])
        self._drop({position for position, _ in self._pending} - {keep})
        self._pending.clear()

    def _drop(self, positions):
        for position in positions:
            self.work.paths.part(position).unlink(missing_ok=True)


def write_shard(
    paths: Paths, name: str, ladder: Ladder, seed: int, number: int, clips: list[tuple[int, int]]
) -> list[dict]:
    """Writes a shard at all rungs.

    Args:
        paths: of the data set in the making.
        name: of the data set.
        ladder: the rungs of each clip.
        seed: of the order within shards.
        number: of the shard.
        clips: (position of the part, number of the clip in it) of each clip.

    Returns:
        The fields of each rung's `Shard`, and the `fingerprints` of its records.
    """
    parts = {position: str(paths.part(position)) for position, _ in clips}
    spans = {position: _spans(part) for position, part in parts.items()}
    order = np.random.default_rng([seed, 1, number]).permutation(len(clips))
    files = []
    for level, rung in enumerate(ladder):
        records = (
            storage.read_at(parts[position], *spans[position][clip * len(ladder) + level])
            for position, clip in (clips[i] for i in order)
        )
        file = f"{rung}/{number:05d}.tfrecord"
        size, sha256, fingerprints = _join(paths.data_set(name) / file, records)
        shard = Shard(file, len(order), size, sha256)
        files.append(dataclasses.asdict(shard) | {"fingerprints": fingerprints})
    return files


def _spans(path):
    """Where each record of a part begins and ends, with its header and footer."""
    lengths = np.array(list(scan(path))) + HEADER + FOOTER
    ends = np.cumsum(lengths)
    return np.stack([ends - lengths, ends], axis=1).tolist()


def _join(path, records):
    """Writes records, header and footer included; returns size, hash and fingerprints."""
    digest = hashlib.sha256()

    def hash_record(record):  # In a thread, while the next one is read and written.
        digest.update(record)
        return int(fingerprint(record[HEADER:-FOOTER]))

    def written(file):
        for record in records:
            file.write(record)
            yield record

    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        with contextlib.closing(ahead(hash_record, written(file))) as hashes:
            fingerprints = list(hashes)
        size = file.tell()
    return size, digest.hexdigest(), fingerprints
