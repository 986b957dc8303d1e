"""A folder that keeps what was read of remote files, below a size limit.

Each remote file has one here of the same layout, with holes where nothing was read. The reader of a
record recognises a hole, or a half write, by the record's fingerprint. So processes that share the
folder cannot harm each other, nor can a kill.
"""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from support.files import make_folder
from support.script import say

_GRAIN = 2**12  # bytes that a file system reserves at a time
_KEPT = 0.9  # share of the limit that is left when room is made


class Cache:
    """Parts of remote files.

    When there is no room, the files that were used least recently are deleted.

    Args:
        folder: for the cache alone, on a disk of this machine; made where it is not there.
        max_bytes: that it takes at most.

    Raises:
        UserError: the folder cannot be made; an `OSError` says what else is wrong.
    """

    def __init__(self, folder: Path, max_bytes: int):
        self._folder, self._max = Path(folder), max_bytes
        make_folder(self._folder)

    def read(self, file: str, begin: int, end: int) -> bytes:
        """The bytes from `begin` to `end` of a file, as far as it is here: holes are zeros."""
        try:
            with open(self._folder / file, "rb", buffering=0) as stored:
                os.utime(stored.fileno())  # Its time of use.
                return os.pread(stored.fileno(), end - begin, begin)
        except FileNotFoundError:
            return b""

    def write(self, file: str, begin: int, data: bytes):
        """Keeps `data`, which are stored from `begin` on in a file, if there is room for them."""
        size = (len(data) // _GRAIN + 2) * _GRAIN
        if size > self._max:
            return
        try:
            with open(self._folder / "used", "a+") as state:
                fcntl.flock(state, fcntl.LOCK_EX)
                used = self._used(state)
                if used + size > self._max:
                    used = self._make_room(min(self._max * _KEPT, self._max - size))
                self._write(self._folder / file, begin, data)
                state.truncate(0)
                state.write(str(used + size))
        except OSError as error:
            say(f"Warning: cannot write to {self._folder}: {error.strerror}. It is not used.")
            self._max = 0

    def _write(self, path, begin, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o666)
        try:
            os.pwrite(handle, data, begin)
        finally:
            os.close(handle)

    def _used(self, state: TextIO) -> float:
        """Bytes in use, or more: what a killed process did not write is counted until the limit."""
        state.seek(0)
        text = state.read()
        return int(text) if text.isdecimal() else self._max

    def _make_room(self, limit):
        """Deletes files until at most `limit` bytes are in use; returns the bytes."""
        files = [(path, path.stat()) for path in self._folder.rglob("*") if path.is_file()]
        files = [(path, state) for path, state in files if path.name != "used"]
        used = sum(512 * state.st_blocks for _, state in files)
        for path, state in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if used <= limit:
                break
            path.unlink(missing_ok=True)
            used -= 512 * state.st_blocks
        return used
