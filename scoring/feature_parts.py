"""Parts of a table of features that is being computed, so that a killed command resumes.

`<table>.parts/` holds one file per part, `00003-<SHA-256 of its rows>.npy`, and is deleted once the
table is whole.
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from support.arrays import open_array
from support.errors import UserError
from support.files import write_atomically


class Parts:
    """The parts of the table at `path`; with None nothing is kept."""

    def __init__(self, path: Path | None):
        self._folder = path and path.with_name(f"{path.name}.parts")

    def read(self, number: int) -> np.ndarray | None:
        """The rows of a part; None where there are none, or they are damaged."""
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
