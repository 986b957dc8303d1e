"""Files of a data set, in a folder here or elsewhere (see remote.py)."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from dataset import remote
from support import files
from support.addresses import is_remote


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    if is_remote(path):
        return remote.size(path)
    try:
        return os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def read(path: str) -> bytes:
    """All of a file."""
    if is_remote(path):
        return b"".join(remote.blocks(path))
    return Path(path).read_bytes()


def read_at(path: str, begin: int, end: int) -> bytes:
    """The bytes of a file from `begin` to `end`."""
    return read_spans(path, [(begin, end)])[0]


def read_spans(path: str, spans: Iterable[tuple[int, int]]) -> list[bytes]:
    """The bytes of a file from `begin` to `end`, for each pair of them in `spans`."""
    if is_remote(path):
        return [remote.read(path, begin, end) for begin, end in spans]
    with open(path, "rb", buffering=0) as file:
        return [os.pread(file.fileno(), end - begin, begin) for begin, end in spans]


def state(path: str) -> list[int]:
    """Bytes and time of the last change, in nanoseconds, by which a changed file is noticed.

    Remote files have no time.
    """
    if is_remote(path):
        return [size(path) or 0, 0]
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns]


def sha256(path: str) -> str:
    """The SHA-256 of a file."""
    if not is_remote(path):
        return files.sha256(path)
    digest = hashlib.sha256()
    for block in remote.blocks(path):
        digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def local_file(path: str) -> Iterator[str]:
    """Yields the path of the same file on this machine; of a remote one, a temporary copy.

    A file that does not exist has none there either.
    """
    if not is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        if size(path) is not None:
            with open(copy, "wb") as file:
                file.writelines(remote.blocks(path))
        yield str(copy)
