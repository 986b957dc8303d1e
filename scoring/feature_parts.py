"""Parts of a table of features that is being computed, by one or several processes.

`<table>.parts/` holds one file per part, `00003-<SHA-256 of its rows>.npy`, and is deleted once the
table is whole. So a killed command resumes, and processes that share the folder share the work.
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from support.arrays import open_array
from support.errors import UserError
from support.files import write_atomically


def take_turns(count: int, worker: tuple[int, int]) -> list[int]:
    """The order in which a worker looks at `count` parts: its own first, then the others.

    The others are in random order, so that workers that have finished help one that has not, and
    rarely compute the same part.

    Args:
        count: of parts.
        worker: its index, and the number of workers.
    """
    index, workers = worker
    own = range(index * count // workers, (index + 1) * count // workers)
    others = [number for number in range(count) if number not in own]
    return [*own, *np.random.default_rng(index).permutation(others).astype(int).tolist()]


class Parts:
    """The parts of the table at `path`, of `size` rows each; with None nothing is kept."""

    def __init__(self, path: Path | None, size: int):
        self._path, self._size = path, size
        self._folder = path and path.with_name(f"{path.name}.parts")

    @property
    def are_kept(self) -> bool:
        """Whether parts are written."""
        return self._folder is not None

    def read(self, number: int) -> np.ndarray | None:
        """The rows of a part; None where there are none, or they are damaged."""
        if self._path and self._path.is_file():  # Another process has finished.
            begin = number * self._size
            return np.array(open_array(self._path)[begin : begin + self._size])
        if self._folder is None:
            return None
        for file in self._folder.glob(f"{number:05d}-*.npy"):
            try:
                rows = np.array(open_array(file))
            except UserError:
                continue
            if file == self._file(number, rows):
                return rows
        return None

    def keep(self, number: int, rows: np.ndarray):
        """Writes a part; where that fails, it is computed again after a kill."""
        if self._folder is None:
            return
        try:
            with write_atomically(self._file(number, rows)) as path, open(path, "wb") as file:
                np.save(file, rows, allow_pickle=False)
        except (OSError, UserError):
            self._folder = None  # `feature_table.store` warns when the table cannot be written.

    def delete(self):
        """Deletes all parts."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, number, rows):
        return self._folder / f"{number:05d}-{hashlib.sha256(rows.tobytes()).hexdigest()}.npy"
