"""npz files: archives of arrays, which are mapped into memory."""

import contextlib
import functools
import math
import shutil
import struct
import tempfile
import threading
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np

from dataset.readers.source import RejectedSource
from dataset.readers.unpack import ERRORS, check_ratio

_HEADER_ERRORS = (*ERRORS, SyntaxError, TypeError, tokenize.TokenError)
_LOCK = threading.Lock()
_LENGTHS = 26  # bytes into a member's own header: the lengths of its name and of extra fields


class _Header(NamedTuple):
    """What a npy file states of its array."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype

    @property
    def nbytes(self):
        return math.prod(self.shape) * self.dtype.itemsize


def list_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """{name: shape} of the arrays uint8 in a npz file; others, such as labels, are left out.

    Raises:
        RejectedSource: it is no such file, or damaged.
    """
    found = {}
    with _archive(file) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                check_ratio(member)
                with archive.open(member) as opened:
                    header = _read_header(opened, member.file_size)
                if header.dtype == np.uint8 and header.nbytes:
                    found[member.filename.removesuffix(".npy")] = header.shape
    if not found:
        raise RejectedSource("should hold arrays of uint8 frames. Received: none")
    return found


def open_array(file: Path, name: str) -> np.ndarray:
    """An array of a npz file; a compressed one is unpacked into a temporary file, once.

    Raises:
        RejectedSource: as `list_shapes`.
    """
    with _LOCK:  # Threads wait for the one that unpacks.
        return _open_array(file, name, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)  # Each holds a file open. Threads read few at once.
def _open_array(file, name, changed):
    with _archive(file) as archive:
        member = archive.getinfo(f"{name}.npy")
        if member.compress_type == zipfile.ZIP_STORED:
            with open(file, "rb") as opened:
                opened.seek(member.header_offset + _LENGTHS)
                opened.seek(sum(struct.unpack("<HH", opened.read(4))), 1)
                return _map_array(opened, _read_header(opened, member.file_size))
        with archive.open(member) as packed, tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(packed, copy)
            copy.seek(0)
            return _map_array(copy, _read_header(copy, member.file_size))


@contextlib.contextmanager
def _archive(file) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except RejectedSource:
        raise
    except ERRORS as error:
        raise RejectedSource(f"should be a whole npz file. Received: {error}") from error


def _read_header(file: IO[bytes], size) -> _Header:
    """Reads the header of an array of `size` bytes in all, and leaves the file at its numbers."""
    begin = file.tell()
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            header = _Header(*np.lib.format.read_array_header_1_0(file))
        else:
            header = _Header(*np.lib.format.read_array_header_2_0(file))
    except _HEADER_ERRORS as error:
        raise RejectedSource(f"should be an array of numbers. Received: {error}") from error
    if header.dtype.hasobject:
        raise RejectedSource("should be an array of numbers. Received: Python objects")
    if min(header.shape, default=0) < 0 or header.nbytes > size - (file.tell() - begin):
        raise RejectedSource(
            f"should be a whole array. Received: {size} bytes for {list(header.shape)}"
        )
    return header


def _map_array(file: Any, header: _Header):
    """The array whose numbers begin at the position of the file, mapped into memory."""
    if not header.nbytes:
        return np.empty(header.shape, header.dtype)
    order: Literal["F", "C"] = "F" if header.fortran_order else "C"
    try:
        return np.memmap(file, header.dtype, "r", file.tell(), header.shape, order)
    except ERRORS as error:
        raise RejectedSource(f"should be a whole array. Received: {error}") from error
