"""The files next to the shards of a data set that are read again: metadata and index.

They were perhaps made by somebody else, or are damaged: they are checked before they are used, and
take no more memory than the number of clips implies.
"""

import dataclasses
import io
import struct
import zipfile
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from dataset import storage
from dataset.encoding import ENCODINGS
from growth.ladder import make_ladder
from support.errors import UserError
from support.json_files import MAX_BYTES, check_schema, parse_json

FORMAT = 2
SHARD = {"file": str, "records": int, "bytes": int, "sha256": str}
_SCHEMA = {
    "format": int,
    "ladder": str,
    "encoding": {str: str},
    "clips": int,
    "labels": [{"name": str, "clips": int}],
    "rejected": int,
    "source_frames": {str: int},
    "source_rates": {str: int},
    "fps": float | None,
    "tool_version": str,
    "arguments": dict,
    "left_out?": {str: int},
    "windows?": {"frame_stride": int},
    "shards": {str: [SHARD]},
}
_DEFAULTS = {"rejected": 0, "source_frames": {}, "source_rates": {}, "fps": None}
_DEFAULTS |= {"tool_version": "unknown", "arguments": {}}
_ZIP_ERRORS = (OSError, ValueError, KeyError, RuntimeError, struct.error, zipfile.BadZipFile)
_MAX_LENGTH = 2**40  # bytes of a record
FINGERPRINTS = "/fingerprints"  # ends the names of these arrays in the index


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file of records, as the metadata state it."""

    file: str  # below the folder of the data set
    records: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, stated: dict) -> "Shard":
        """The shard that an object of the metadata, or of the journal, states."""
        return cls(*(stated[field.name] for field in dataclasses.fields(cls)))


class Index(NamedTuple):
    """What is known of each record at each rung."""

    lengths: dict[str, np.ndarray]  # {rung: int64 [N]} bytes of its data
    fingerprints: dict[str, np.ndarray]  # the same of `tfrecords.fingerprint`; {} in older sets


def read_metadata(folder: str) -> dict:
    """The metadata of the data set in `folder`; raises `UserError` where they cannot be right."""
    path = f"{folder}/metadata.json"
    size = storage.size(path)
    if size is None:
        raise UserError(
            f"Cannot read {folder}: it is no data set (no metadata.json). "
            "Make one of your videos with create_tfrecords."
        )
    if size > MAX_BYTES:
        raise UserError(f"Cannot read {path}: it has more than {MAX_BYTES} bytes.")
    metadata = parse_json(storage.read(path), path, {"format": int})
    if metadata["format"] != FORMAT:
        raise UserError(
            f"Cannot read {path}: it has format {metadata['format']}, and this version reads "
            f"{FORMAT}. Make the data set again."
        )
    metadata = _DEFAULTS | metadata
    check_schema(metadata, _SCHEMA, path)
    _check(metadata, path)
    return metadata


def read_index(folder: str, clips: int, rungs: list[str]) -> Index:
    """The index of the data set in `folder`, which has so many clips at each of the rungs.

    Raises:
        UserError: it is missing or damaged, or it is of other clips.
    """
    path = f"{folder}/index.npz"
    size = storage.size(path)
    if size is None:
        raise UserError(f"Cannot read {path}: no such file. Copy the data set again.")
    if size > 2 * len(rungs) * (8 * clips + 1000) + 1000:
        raise UserError(f"Cannot read {path}: its {size} bytes are too many for {clips} clips.")
    data = io.BytesIO(storage.read(path))
    try:
        with zipfile.ZipFile(data) as archive:
            names = {info.filename for info in archive.infolist()}
            lengths = {rung: _read_array(archive, rung, clips) for rung in rungs}
            if any(n.min() < 0 or n.max() > _MAX_LENGTH for n in lengths.values()):
                raise ValueError("a record has an impossible length")
            fingerprints = {
                rung: _read_array(archive, rung + FINGERPRINTS, clips)
                for rung in rungs
                if f"{rung}{FINGERPRINTS}.npy" in names
            }
    except _ZIP_ERRORS as error:
        raise UserError(
            f"Cannot read {path}: it is damaged ({error}). Copy the data set again."
        ) from error
    return Index(lengths, fingerprints)


def _check(metadata, path):
    """Raises `UserError` where the parts of the metadata contradict each other."""
    try:
        rungs = [str(rung) for rung in make_ladder(metadata["ladder"])]
    except UserError as error:
        raise UserError(f"Cannot read {path}: {error}") from error
    shards, encodings = metadata["shards"], metadata["encoding"]
    if not set(rungs) == set(shards) == set(encodings):
        raise UserError(f"Cannot read {path}: its rungs differ from its ladder {' '.join(rungs)}.")
    if unknown := set(encodings.values()) - set(ENCODINGS):
        raise UserError(f"Cannot read {path}: its encoding {unknown.pop()!r} is not known.")
    files = [shard for rung in rungs for shard in shards[rung]]
    if any(shard["records"] < 1 or shard["bytes"] < 0 for shard in files) or not files:
        raise UserError(f"Cannot read {path}: a shard has no records.")
    for file in (PurePosixPath(shard["file"]) for shard in files):
        if file.is_absolute() or ".." in file.parts:
            raise UserError(f"Cannot read {path}: {file} is outside of the data set.")
    counts = {tuple(shard["records"] for shard in shards[rung]) for rung in rungs}
    if len(counts) > 1 or sum(*counts) != metadata["clips"]:
        raise UserError(
            f"Cannot read {path}: its {metadata['clips']} clips should be in the shards of each "
            "rung. Copy the data set again."
        )
    if metadata.get("windows", {}).get("frame_stride", 1) < 1:
        raise UserError(f"Cannot read {path}: `windows.frame_stride` should be positive.")
    if not all(frames.isdecimal() for frames in metadata["source_frames"]):
        raise UserError(f"Cannot read {path}: `source_frames` should be counted by frames.")


def _read_array(archive, name, count):
    """int64 [count] of an archive; its header is checked before memory is taken."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"{name} is an array of version {version}")
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
        data = file.read()
    if shape != (count,) or kind != np.int64 or len(data) != 8 * count:
        raise ValueError(f"{name} should be {count} whole numbers, not {kind} {list(shape)}")
    return np.frombuffer(data, np.int64)
