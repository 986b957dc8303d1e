"""Records: the clips of a data set on disk, once for every rung.

A data set is a folder with `metadata.json` and, for each rung, shards of TFRecords such as
`8x32x32-00000-of-00004.tfrecord`. A record is a `tf.train.Example` with `shape` (int64
[T, H, W, C]), `data` (raw uint8) and `label` (int64, -1 where there is none). All rungs hold the
clips in the same order: clip i is record i, counted through the shards.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from growth.ladder import Ladder, Rung, make_ladder
from support.errors import UserError

FORMAT = 1
HEADER, FOOTER = 12, 4  # Bytes of TFRecord around the data: length and its CRC, CRC of the data.


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file of records, as the metadata state it."""

    file: str
    records: int
    bytes: int
    sha256: str


def encode(clip: np.ndarray, label: int) -> bytes:
    """A clip uint8 [T, H, W, C] and its label as a serialised record."""
    example = tf.train.Example()
    feature = example.features.feature
    feature["shape"].int64_list.value.extend(clip.shape)
    feature["data"].bytes_list.value.append(clip.tobytes())
    feature["label"].int64_list.value.append(label)
    return example.SerializeToString(deterministic=True)


def decode(record: bytes) -> tuple[np.ndarray, int]:
    """The clip and the label of a record."""
    feature = tf.train.Example.FromString(record).features.feature
    data = np.frombuffer(feature["data"].bytes_list.value[0], np.uint8)
    clip = data.reshape(feature["shape"].int64_list.value)
    return clip, feature["label"].int64_list.value[0]


def write_shards(
    folder: Path, ladder: Ladder, clips: Iterable[list[bytes]], shard_of: np.ndarray
) -> dict[str, list[Shard]]:
    """Writes each clip's records (one a rung) to the shard that `shard_of` [number of clips] names.

    Raises:
        UserError: the disk refuses.
    """
    counts = np.bincount(shard_of).tolist()
    names = {
        str(rung): [f"{rung}-{i:05d}-of-{len(counts):05d}.tfrecord" for i in range(len(counts))]
        for rung in ladder
    }
    try:
        with contextlib.ExitStack() as stack:
            writers = [
                [stack.enter_context(tf.io.TFRecordWriter(str(folder / name))) for name in files]
                for files in names.values()
            ]
            for records, shard in zip(clips, shard_of, strict=True):
                for record, of_rung in zip(records, writers, strict=True):
                    of_rung[shard].write(record)
    except tf.errors.OpError as error:
        raise UserError(f"{folder.parent} should take the records. Received: {error}") from error
    return {
        rung: [_describe(folder / name, count) for name, count in zip(files, counts, strict=True)]
        for rung, files in names.items()
    }


def write_metadata(folder: Path, ladder: Ladder, shards: dict[str, list[Shard]], **more):
    """Writes `metadata.json`; `more` is whatever else is to be known of the data set."""
    metadata = {"format": FORMAT, "ladder": str(ladder), **more}
    metadata["shards"] = {k: [dataclasses.asdict(s) for s in v] for k, v in shards.items()}
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n")


class Records:
    """A data set on disk, by its metadata; `open_records` looks at its files too.

    Raises:
        UserError: no data set, or one of another format.
    """

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)
        self.metadata = _read_metadata(self.folder)
        self.ladder = make_ladder(self.metadata["ladder"])
        self.shards = {
            rung: [Shard(**shard) for shard in shards]
            for rung, shards in self.metadata["shards"].items()
        }
        self._places = {}

    def __len__(self):
        """How many clips."""
        return sum(shard.records for shard in self.shards[str(self.ladder[0])])

    @property
    def label_names(self) -> list[str]:
        """The name of each label; none where the clips have no labels."""
        return [label["name"] for label in self.metadata["labels"]]

    def identity(self) -> dict[str, str]:
        """Where the data set lies, and a hash of all that it holds."""
        digest = hashlib.sha256((self.folder / "metadata.json").read_bytes()).hexdigest()
        return {"folder": str(self.folder), "sha256": digest}

    def check_ladder(self, ladder: Ladder):
        """Raises `UserError` unless there are clips at each rung of `ladder`."""
        if not {rung.shape for rung in ladder} <= {rung.shape for rung in self.ladder}:
            raise UserError(
                f"{self.folder} should be made for the ladder {ladder}. Received: {self.ladder}"
            )

    def check_size(self, shard: Shard):
        """Raises `UserError` unless a shard's file is there and has its size."""
        path = self.folder / shard.file
        size = path.stat().st_size if path.is_file() else "no such file"
        if size != shard.bytes:
            raise UserError(f"{path} should have {shard.bytes} bytes. Received: {size}")

    def read(self, rung: Rung, indices: Iterable[int]) -> list[bytes]:
        """The records of the clips `indices` at a rung, each read on its own."""
        files, spans = self.locate(rung)
        records = []
        for i in indices:
            begin, end = spans[i].tolist()
            with open(files[i], "rb", buffering=0) as file:
                records.append(os.pread(file.fileno(), end - begin, begin))
        return records

    def clips(self, rung: Rung, indices: Iterable[int]) -> np.ndarray:
        """The clips `indices` at a rung, uint8 [N, T, H, W, C]."""
        return np.stack([decode(record)[0] for record in self.read(rung, indices)])

    def locate(self, rung: Rung) -> tuple[list[str], np.ndarray]:
        """Where the clips lie at a rung: file, and [N, 2] int64: begin and end of the data.

        Raises:
            UserError: a file that does not hold as many records as stated.
        """
        if rung.shape not in self._places:
            files, spans = [], []
            for shard in self.shards[str(rung)]:
                path = self.folder / shard.file
                found = _scan(path)
                if len(found) != shard.records:
                    raise UserError(
                        f"{path} should hold {shard.records} records. Received: {len(found)}"
                    )
                files += [str(path)] * len(found)
                spans += found
            self._places[rung.shape] = files, np.array(spans, np.int64)
        return self._places[rung.shape]


def open_records(folder: Path | str) -> Records:
    """The data set in `folder`; raises `UserError` where a file is missing or has another size."""
    records = Records(folder)
    for shard in itertools.chain(*records.shards.values()):
        records.check_size(shard)
    return records


def _read_metadata(folder):
    path = folder / "metadata.json"
    if not path.is_file():
        raise UserError(f"--data should be a data set. Received: {folder} (no metadata.json)")
    try:
        metadata = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path} should be JSON. Received: {error}") from error
    if metadata.get("format") != FORMAT:
        raise UserError(f"{path} should be of format {FORMAT}. Received: {metadata.get('format')}")
    return metadata


def _scan(path):
    """Where the data of each record begin and end, from the headers alone."""
    spans, begin = [], 0
    with open(path, "rb", buffering=0) as file:
        while header := os.pread(file.fileno(), HEADER, begin):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == HEADER else 0
            spans.append((begin + HEADER, begin + HEADER + length))
            begin += HEADER + length + FOOTER
    return spans


def _describe(path, records):
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Shard(path.name, records, path.stat().st_size, digest)
