"""Records: the clips of a data set on disk, once for every rung.

A data set is a folder that holds

    metadata.json             what it is of: ladder, encoding, labels, the shards with their hashes
    index.npz                 {rung: int64 [N]}: the bytes of each clip's record
    8x32x32/00004.tfrecord    a folder a rung, in it shards of TFRecords

A record is a `tf.train.Example` with `shape` (int64 [T, H, W, C]), `encoding` and `data` (bytes;
see encoding.py) and `label` (int64, -1 where there is none). All rungs hold the clips in the same
order: clip i is record i, counted through the shards.
"""

import dataclasses
import io
import json
import os
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from dataset import encoding, storage
from dataset.encoding import RAW, Encoding
from growth.ladder import Ladder, Rung, make_ladder
from support.errors import UserError

FORMAT = 2
HEADER, FOOTER = 12, 4  # Bytes of TFRecord around the data: length and its CRC, CRC of the data.


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file of records, as the metadata state it."""

    file: str  # below the folder of the data set
    records: int
    bytes: int
    sha256: str


def encode(clip: np.ndarray, label: int, how: Encoding = RAW) -> bytes:
    """A clip uint8 [T, H, W, C] and its label as a serialised `tf.train.Example`.

    The pixels are copied once; `Example` itself would copy them three times.
    """
    about = tf.train.Features()
    about.feature["shape"].int64_list.value.extend(clip.shape)
    about.feature["encoding"].bytes_list.value.append(how.name.encode())
    about.feature["label"].int64_list.value.append(label)
    values = [part for value in how.encode(clip) for part in _field(1, [value])]
    data = [*_field(1, [b"data"]), *_field(2, _field(1, values))]  # Feature, BytesList, values.
    features = [*_field(1, data), about.SerializeToString(deterministic=True)]
    return b"".join(_field(1, features))


def _field(number, parts):
    """The pieces of a field of Protocol Buffers, of the bytes `parts`."""
    return [bytes([number << 3 | 2]), _varint(sum(map(len, parts))), *parts]


def _varint(value):
    """A number in groups of seven bits, the lowest first; all but the last have the top bit set."""
    groups = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])


def decode(record: bytes) -> tuple[np.ndarray, int]:
    """The clip and the label of a record.

    Raises:
        ValueError: it is no record of a clip.
    """
    try:
        feature = tf.train.Example.FromString(record).features.feature
        (name,) = feature["encoding"].bytes_list.value
        (label,) = feature["label"].int64_list.value
    except DecodeError as error:
        raise ValueError("no tf.train.Example") from error
    shape = tuple(feature["shape"].int64_list.value)
    return encoding.decode(feature["data"].bytes_list.value, name.decode(), shape), label


class Records:
    """A data set on disk, by its metadata; `open_records` looks at its files too.

    Raises:
        UserError: no data set, or one of another format.
    """

    def __init__(self, folder: Path | str):
        self.folder = storage.normalise(folder)
        storage.connect(self.folder)
        self.metadata = _read_metadata(self.folder)
        self.ladder = make_ladder(self.metadata["ladder"])
        self.shards = {
            rung: [Shard(**shard) for shard in shards]
            for rung, shards in self.metadata["shards"].items()
        }
        self._index, self._places = _read_index(self.folder), {}

    def __len__(self):
        """How many clips."""
        return sum(shard.records for shard in self.shards[str(self.ladder[0])])

    @property
    def label_names(self) -> list[str]:
        """The name of each label; none where the clips have no labels."""
        return [label["name"] for label in self.metadata["labels"]]

    def encoding(self, rung: Rung) -> str:
        """The name of the encoding at a rung."""
        return self.metadata["encoding"][str(rung)]

    def identity(self) -> dict[str, str]:
        """Where the data set lies, and a hash of all that it holds."""
        return {"folder": self.folder, "sha256": storage.sha256(self.path("metadata.json"))}

    def path(self, file: str) -> str:
        """The path of a file of the data set."""
        return f"{self.folder}/{file}"

    def check_ladder(self, ladder: Ladder):
        """Raises `UserError` unless there are clips at each rung of `ladder`."""
        if not {rung.shape for rung in ladder} <= {rung.shape for rung in self.ladder}:
            raise UserError(
                f"{self.folder} should be made for the ladder {ladder}. Received: {self.ladder}"
            )

    def check_shard(self, rung: Rung, shard: Shard):
        """Looks at all of a shard but the pixels: its size, and where its records begin and end.

        Raises:
            UserError: a file that is missing, cut, of another size or of other records.
        """
        path, spans = self.path(shard.file), self.spans(rung, shard)
        size = storage.size(path)
        if size != shard.bytes:
            found = "no such file" if size is None else size
            raise UserError(f"{path} should have {shard.bytes} bytes. Received: {found}")
        if len(spans) != shard.records or spans[-1, 1] + FOOTER != size:
            raise UserError(
                f"{path} should hold {shard.records} records in {size} bytes. Received: "
                f"{len(spans)} in {spans[-1, 1] + FOOTER if len(spans) else 0} by index.npz"
            )
        lengths = () if storage.is_remote(path) else scan(path)  # Each would be a request.
        for number, (found, stated) in enumerate(zip(lengths, np.diff(spans), strict=False)):
            if found != stated:
                raise UserError(
                    f"{path}, record {number} should have {stated[0]} bytes. Received: {found}"
                )

    def spans(self, rung: Rung, shard: Shard) -> np.ndarray:
        """Where the data of each record of a shard begin and end, [N, 2] int64."""
        shards = self.shards[str(rung)]
        first = sum(s.records for s in shards[: shards.index(shard)])
        lengths = self._index[str(rung)][first : first + shard.records]
        ends = np.cumsum(lengths + HEADER + FOOTER) - FOOTER
        return np.stack([ends - lengths, ends], axis=1)

    def locate(self, rung: Rung) -> tuple[list[str], np.ndarray]:
        """Where the clips lie at a rung: file, and [N, 2] int64: begin and end of the data."""
        if rung.shape not in self._places:
            shards = self.shards[str(rung)]
            files = [self.path(s.file) for s in shards for _ in range(s.records)]
            spans = np.concatenate([self.spans(rung, shard) for shard in shards])
            self._places[rung.shape] = files, spans
        return self._places[rung.shape]

    def read(self, rung: Rung, indices: Iterable[int]) -> list[bytes]:
        """The records of the clips `indices` at a rung, each read on its own."""
        files, spans = self.locate(rung)
        return [storage.read_at(files[i], *spans[i].tolist()) for i in indices]

    def clips(self, rung: Rung, indices: Iterable[int]) -> np.ndarray:
        """The clips `indices` at a rung, uint8 [N, T, H, W, C]."""
        return np.stack([decode(record)[0] for record in self.read(rung, indices)])


def open_records(folder: Path | str) -> Records:
    """The data set in `folder`; raises `UserError` where `check_shard` would, or a clip lacks."""
    records = Records(folder)
    clips = records.metadata["clips"]
    for rung in records.ladder:
        shards = records.shards[str(rung)]
        for shard in shards:
            records.check_shard(rung, shard)
        if (found := sum(shard.records for shard in shards)) != clips:
            raise UserError(f"{folder} should hold {clips} clips at {rung}. Received: {found}")
    return records


def scan(path: str | Path) -> Iterable[int]:
    """Yields the bytes of each record of a file, from the headers alone."""
    begin = 0
    with open(path, "rb", buffering=0) as file:
        while header := os.pread(file.fileno(), HEADER, begin):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == HEADER else -1
            yield length
            begin += HEADER + length + FOOTER


def _read_metadata(folder):
    path = f"{folder}/metadata.json"
    if storage.size(path) is None:
        raise UserError(f"--data should be a data set. Received: {folder} (no metadata.json)")
    try:
        metadata = json.loads(storage.read(path))
    except ValueError as error:
        raise UserError(f"{path} should be JSON. Received: {error}") from error
    if metadata.get("format") != FORMAT:
        raise UserError(
            f"{path} should be of format {FORMAT} (make the data set anew). "
            f"Received: {metadata.get('format')}"
        )
    return metadata


def _read_index(folder):
    path = f"{folder}/index.npz"
    if storage.size(path) is None:
        raise UserError(f"{folder} should hold its index.npz. Received: no such file")
    try:
        with np.load(io.BytesIO(storage.read(path))) as arrays:
            return dict(arrays)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} should be NumPy's. Received: {error}") from error
