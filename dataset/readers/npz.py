"""npz files: archives of arrays, which are mapped into memory."""

import contextlib
import functools
import shutil
import struct
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers.arrays import Header, map_array, read_header
from dataset.readers.source import RejectedSource
from dataset.readers.unpack import ERRORS, check_ratio

_LOCK = threading.Lock()
_LENGTHS = 26  # bytes into a member's own header: the lengths of its name and of extra fields


def headers(file: Path) -> dict[str, Header]:
    """{name: header} of the arrays uint8 in a npz file; others, such as labels, are left out.

    Raises:
        RejectedSource: it is no such file, or damaged.
    """
    found = {}
    with _archive(file) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                check_ratio(member)
                with archive.open(member) as opened:
                    header = read_header(opened, member.file_size)
                if header.dtype == np.uint8:
                    found[member.filename.removesuffix(".npy")] = header
    if not found:
        raise RejectedSource("should hold arrays of uint8 frames. Received: none")
    return found


def open_array(file: Path, name: str) -> np.ndarray:
    """An array of a npz file; a compressed one is unpacked into a temporary file, once."""
    with _LOCK:  # Threads wait for the one that unpacks.
        return _open_array(file, name, file.stat().st_mtime_ns)


@functools.cache
def _open_array(file, name, changed):
    with _archive(file) as archive:
        member = archive.getinfo(f"{name}.npy")
        if member.compress_type == zipfile.ZIP_STORED:
            with open(file, "rb") as opened:
                opened.seek(member.header_offset + _LENGTHS)
                opened.seek(sum(struct.unpack("<HH", opened.read(4))), 1)
                return map_array(opened, read_header(opened, member.file_size))
        with archive.open(member) as packed, tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(packed, copy)
            copy.seek(0)
            return map_array(copy, read_header(copy, member.file_size))


@contextlib.contextmanager
def _archive(file) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except RejectedSource:
        raise
    except ERRORS as error:
        raise RejectedSource(f"should be a whole npz file. Received: {error}") from error
