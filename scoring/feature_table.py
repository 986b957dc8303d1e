"""Features of clips as rows of a file, read as they are needed."""

import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from support.arrays import open_array
from support.errors import UserError
from support.files import write_atomically
from support.script import say

_BLOCK = 1024  # rows in memory at a time: 17 MB of 4096 values each
_DIGEST = "S64"  # hexadecimal digits of a SHA-256


@dataclasses.dataclass(frozen=True)
class Features:
    """The outputs of a network for N clips, in order.

    Args:
        table: [M] records of "values" [D] float32 (the protocol's endpoint), "probabilities" [C]
            float32 of the classes, and "sha256" of the clip's pixels. They are mapped from a file.
        places: [N], the record of each clip.
    """

    table: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> "Features":
        return Features(self.table, self.places[part])

    def take(self, indices: np.ndarray) -> "Features":
        """Some of the clips, in another order."""
        return Features(self.table, self.places[indices])

    @property
    def num_values(self) -> int:
        """D, values per clip."""
        return self.table.dtype["values"].shape[0]

    @property
    def num_classes(self) -> int:
        """C, the number of classes."""
        return self.table.dtype["probabilities"].shape[0]

    @property
    def values(self) -> np.ndarray:
        """[N, D] float32, read from the file."""
        return self.table["values"][self.places]

    @property
    def probabilities(self) -> np.ndarray:
        """[N, C] float32, read from the file."""
        return self.table["probabilities"][self.places]

    @property
    def digests(self) -> list[bytes]:
        """The SHA-256 of each clip's pixels."""
        return self.table["sha256"][self.places].tolist()

    @property
    def sha256(self) -> str:
        """A hash of all pixels, in order."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()

    def blocks(self, size: int = _BLOCK) -> Iterator["Features"]:
        """Yields the clips `size` at a time."""
        for begin in range(0, len(self), size):
            yield self[begin : begin + size]


def make_rows(values: np.ndarray, probabilities: np.ndarray, digests: list[str]) -> np.ndarray:
    """The rows of some clips: `values` [N, D], `probabilities` [N, C] and N digests."""
    rows = np.empty(len(values), _fields(values.shape[1:], probabilities.shape[1:]))
    rows["values"], rows["probabilities"], rows["sha256"] = values, probabilities, digests
    return rows


def store(batches: Iterable[np.ndarray], path: Path | None) -> Features:
    """Writes rows to a file as they come.

    Args:
        batches: of rows, as `make_rows` makes them; at least one.
        path: the file; with None, or where it cannot be written, a temporary one is used.
    """
    with tempfile.TemporaryFile() as file:
        count = 0
        for rows in batches:
            file.write(rows.tobytes())
            count += len(rows)
        file.flush()
        if path is not None:
            try:
                _copy(file, path, rows.dtype, count)
            except OSError as error:
                say(f"Warning: cannot write {path}: {error.strerror}. Features are not cached.")
        return Features(np.memmap(file, rows.dtype, "r", shape=(count,)), np.arange(count))


def load(path: Path, count: int) -> Features:
    """The features that `store` wrote, of `count` clips.

    Raises:
        UserError: the file is damaged or holds something else.
    """
    table = open_array(path)
    shapes = [table.dtype[name].shape for name in table.dtype.names or ()][:2]
    is_ours = [len(shape) for shape in shapes] == [1, 1] and table.dtype == _fields(*shapes)
    if not is_ours or table.shape != (count,):
        raise UserError(
            f"Cannot read {path}: it does not hold the features of {count} clips. Remove it."
        )
    return Features(table, np.arange(count))


def _fields(values, probabilities):
    """The type of a row, for the shapes of its arrays."""
    arrays = [("values", "<f4", values), ("probabilities", "<f4", probabilities)]
    return np.dtype([*arrays, ("sha256", _DIGEST)])


def _copy(file: BinaryIO, path, dtype, count):
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
    with write_atomically(path) as temporary, open(temporary, "wb") as kept:
        np.lib.format.write_array_header_2_0(kept, header | {"shape": (count,)})
        file.seek(0)
        shutil.copyfileobj(file, kept)
