"""Records: the clips of a data set on disk, once for every rung.

A data set is a folder that holds

    metadata.json             ladder, encoding, labels, and the shards with their hashes
    index.npz                 {rung: int64 [N]}: the bytes of each clip's record, and
                              {rung/fingerprints: int64 [N]}, by which each is recognised
    8x32x32/00004.tfrecord    a folder per rung, in it shards of TFRecords

A record is a `tf.train.Example` with `shape` (int64 [T, H, W, C]), `encoding` and `data` (bytes;
see encoding.py) and `label` (int64, -1 where there is none). All rungs hold the clips in the same
order: clip i is record i, counted through the shards.

Where the metadata have `windows`, a record holds a stretch of video (see windows.py), and `scale`.
"""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dataset import storage
from dataset.cache import Cache
from dataset.examples import decode
from dataset.fetching import Fetcher
from dataset.metadata import Shard, read_index, read_metadata
from dataset.remote import is_of_tensorflow
from dataset.tfrecords import FOOTER, HEADER, checked_record, fingerprint, header_lengths
from dataset.windows import Window
from growth.ladder import Ladder, Rung, make_ladder
from support.addresses import is_remote, normalise
from support.deferred import tf
from support.errors import UserError
from support.media import known_rate
from support.threads import ahead
from support.words import counted

_AT_ONCE = 1024  # records whose labels are read
_REQUESTS = 16  # threads that ask for the sizes of remote files


class Places(NamedTuple):
    """Where the clips of a data set are stored at a rung."""

    files: list[str]  # [S], the path of each shard
    shards: np.ndarray  # [N] int32, the number of each clip's shard
    spans: np.ndarray  # [N, 2] int64, begin and end of the data of its record in the shard


class Records:
    """A data set on disk, by its metadata; `open_records` checks its files too.

    Args:
        folder: here, or an address such as s3://bucket/faces.
        cache: for what is read of a remote one.

    Raises:
        UserError: no data set, or one of another format.
    """

    def __init__(self, folder: Path | str, cache: Cache | None = None):
        self.folder = normalise(folder)
        self.metadata = read_metadata(self.folder)
        self.ladder = make_ladder(self.metadata["ladder"])
        self.shards = {
            rung: [Shard.of(shard) for shard in shards]
            for rung, shards in self.metadata["shards"].items()
        }
        # At all rungs alike: the number of clips before each shard, and in all.
        self._firsts = np.cumsum([0, *(s.records for s in self.shards[str(self.ladder[0])])])
        self._numbers = {s.file: i for files in self.shards.values() for i, s in enumerate(files)}
        self._index = read_index(self.folder, len(self), list(self.shards))
        self._places: dict[tuple[int, int, int], Places] = {}
        self._fetcher: Fetcher | None = None
        if is_remote(self.folder):
            self._fetcher = self._make_fetcher(cache)

    def _make_fetcher(self, cache):
        if self._index.fingerprints:
            return Fetcher(self.identity()["sha256"], cache)
        if is_of_tensorflow(self.folder):  # Whose operations check the CRC.
            return None
        raise UserError(
            f"Cannot read {self.folder}: an older version made it, without fingerprints. Copy it "
            "here, or make it again."
        )

    def __len__(self):
        """How many clips."""
        return int(self._firsts[-1])

    @property
    def label_names(self) -> list[str]:
        """The name of each label; none where the clips have no labels."""
        return [label["name"] for label in self.metadata["labels"]]

    def labels(self, indices: np.ndarray) -> np.ndarray:
        """The labels of the clips `indices`, [N] int, -1 where there is none; raises as `clip`."""
        if not self.label_names:
            return np.full(len(indices), -1)
        parts = [self._labels(indices[i : i + _AT_ONCE]) for i in range(0, len(indices), _AT_ONCE)]
        return np.concatenate([np.array([], np.int64), *parts])

    def _labels(self, indices):
        rung = self.ladder[0]
        features = {"label": tf.io.FixedLenFeature([], tf.int64)}
        try:
            return tf.io.parse_example(self.read(rung, indices), features)["label"].numpy()
        except tf.errors.InvalidArgumentError:  # A record without a label is named.
            return np.array([self.clip(rung, int(index))[1] for index in indices])

    @property
    def fps(self) -> float | None:
        """Frames per second at which clips play; None where it is not known."""
        return known_rate(self.metadata["fps"])

    @property
    def window(self) -> Window | None:
        """What training takes of a record; None where records are clips."""
        windows = self.metadata.get("windows")
        return windows and Window(self.ladder[-1].frames, windows["frame_stride"])

    @property
    def content(self) -> str:
        """Such as "12 clips" or "12 videos"."""
        return counted(len(self), "video" if self.window else "clip")

    def encoding(self, rung: Rung) -> str:
        """The name of the encoding at a rung."""
        return self.metadata["encoding"][str(rung)]

    def identity(self) -> dict[str, str]:
        """Where the data set is stored, and a hash of all that it holds."""
        return {"folder": self.folder, "sha256": storage.sha256(self.path("metadata.json"))}

    def path(self, file: str) -> str:
        """The path of a file of the data set."""
        return f"{self.folder}/{file}"

    def check_ladder(self, ladder: Ladder):
        """Raises `UserError` unless there are clips at each rung of `ladder`."""
        if not {rung.shape for rung in ladder} <= {rung.shape for rung in self.ladder}:
            raise UserError(
                f"Cannot use {self.folder} with the ladder {ladder}: it was made for the ladder "
                f"{self.ladder}. Use its ladder, or make a data set for the other."
            )

    def check_shard(self, rung: Rung, shard: Shard, headers: bool = True):
        """Checks all of a shard but the pixels: its size, and where its records begin and end.

        Args:
            rung: of the shard.
            shard: one of `shards`.
            headers: whether to read the header of each record too, unless the file is remote.

        Raises:
            UserError: a file that is missing, cut, of another size or of other records.
        """
        path, spans = self.path(shard.file), self.spans(rung, shard)
        size = storage.size(path)
        if size is None:
            raise _damaged(path, "no such file")
        if size != shard.bytes:
            raise _damaged(path, f"it has {size} bytes, and {shard.bytes} by its metadata")
        end = spans[-1, 1] + FOOTER
        if end != size:
            raise _damaged(path, f"it has {size} bytes, and its records {end} by index.npz")
        if not headers or is_remote(path):  # Each header would be a request.
            return
        lengths, stated = header_lengths(path, spans[:, 0]), np.diff(spans)[:, 0]
        for number in np.flatnonzero(lengths != stated.astype(np.uint64)):
            reason = f"its record {number} has {lengths[number]} bytes, and {stated[number]}"
            raise _damaged(path, f"{reason} by index.npz")

    def spans(self, rung: Rung, shard: Shard) -> np.ndarray:
        """Where the data of each record of a shard begin and end, [N, 2] int64."""
        first = self._firsts[self._numbers[shard.file]]
        lengths = self._index.lengths[str(rung)][first : first + shard.records]
        ends = np.cumsum(lengths + HEADER + FOOTER) - FOOTER
        return np.stack([ends - lengths, ends], axis=1)

    def locate(self, rung: Rung) -> Places:
        """Where the clips are stored at a rung."""
        if rung.shape not in self._places:
            shards = self.shards[str(rung)]
            files = [self.path(shard.file) for shard in shards]
            numbers = np.repeat(np.arange(len(shards), dtype=np.int32), np.diff(self._firsts))
            spans = np.concatenate([self.spans(rung, shard) for shard in shards])
            self._places[rung.shape] = Places(files, numbers, spans)
        return self._places[rung.shape]

    def fingerprints(self, rung: Rung) -> np.ndarray | None:
        """`tfrecords.fingerprint` of each record at a rung, int64 [N]; older sets have none."""
        return self._index.fingerprints.get(str(rung))

    def name_record(self, rung: Rung, index: int) -> str:
        """File and number of the record of clip `index` at a rung."""
        number = int(np.searchsorted(self._firsts, index, "right")) - 1
        return f"{self.shards[str(rung)][number].file}, record {index - self._firsts[number]}"

    def read(self, rung: Rung, indices: Sequence[int] | np.ndarray) -> list[bytes]:
        """The records of the clips `indices` at a rung, each read on its own.

        Raises:
            UserError: a record is damaged, or of another clip.
        """
        (files, shards, spans), known = self.locate(rung), self.fingerprints(rung)
        if self._fetcher:
            return [self.fetch(rung, int(i)) for i in indices]
        if known is None:
            return [self._read_checked(rung, i) for i in indices]
        indices, records = np.array(indices, np.int64), []
        for number, run in itertools.groupby(indices, key=shards.__getitem__):
            records += storage.read_spans(files[number], spans[list(run)].tolist())
        found = fingerprint(np.array(records, object)).numpy() if records else []
        for i in indices[found != known[indices]]:
            raise self._damaged_record(rung, i)
        return records

    @property
    def is_fetched(self) -> bool:
        """Whether `fetch` reads the records; others are local, or of older data sets."""
        return self._fetcher is not None

    def fetch(self, rung: Rung, index: int) -> bytes:
        """The record of clip `index` of a remote data set, for any thread; raises as `read`."""
        files, shards, spans = self.locate(rung)
        number, (begin, end) = int(shards[index]), spans[index].tolist()
        shard, known = self.shards[str(rung)][number], self._index.fingerprints[str(rung)][index]
        if self._fetcher is None:
            raise ValueError(f"{self.folder} is not remote, or has no fingerprints.")
        record = self._fetcher.read(files[number], shard, (begin, end), known)
        if record is None:
            raise self._damaged_record(rung, index)
        return record

    def _read_checked(self, rung, index):
        """A record of an older data set, which has only its own CRC."""
        files, shards, spans = self.locate(rung)
        try:
            return checked_record(files[shards[index]], int(spans[index, 0]))
        except tf.errors.OpError as error:
            raise self._damaged_record(rung, index) from error

    def clip(self, rung: Rung, index: int) -> tuple[np.ndarray, int]:
        """Clip `index` at a rung, or a video's central window, uint8 [T, H, W, C] and its label.

        Raises:
            UserError: the record is damaged, or of another clip.
        """
        (record,) = self.read(rung, [index])
        try:
            values, label = decode(record)
        except ValueError as error:
            raise self._damaged_record(rung, index) from error
        return self.window.cut(values, rung) if self.window else values, label

    def clips(self, rung: Rung, indices: Iterable[int]) -> np.ndarray:
        """The clips `indices` at a rung, uint8 [N, T, H, W, C]; raises as `clip` does."""
        return np.stack([self.clip(rung, index)[0] for index in indices])

    def _damaged_record(self, rung, index):
        record = self.name_record(rung, index)
        return _damaged(self.path(record), "it is damaged, or of another clip")


def open_records(folder: Path | str, headers: bool = True, cache: Cache | None = None) -> Records:
    """`Records(folder, cache)`; checks files, and raises, as `Records.check_shard` does."""
    records = Records(folder, cache)
    shards = [(rung, shard) for rung in records.ladder for shard in records.shards[str(rung)]]
    threads = _REQUESTS if is_remote(records.folder) else 1
    for _ in ahead(lambda pair: records.check_shard(*pair, headers), shards, threads):
        pass
    return records


def _damaged(path, reason):
    return UserError(f"Cannot read {path}: {reason}. Copy the data set again, or make it again.")
