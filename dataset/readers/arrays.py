"""Shared by readers of arrays: checks of headers, and numbers that become frames."""

import math
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from dataset.readers.source import RejectedSource, check_size

BLOCK = 2**24  # bytes read at a time, or one frame
ERRORS = (OSError, ValueError, EOFError, SyntaxError, tokenize.TokenError, OverflowError)
CHANNELS = (1, 3)


class Header(NamedTuple):
    """What a npy file states of its array."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: BinaryIO, size: int) -> Header:
    """Reads the header of a npy file of `size` bytes, and leaves it at the begin of the array.

    Raises:
        RejectedSource: no npy file, or one that claims more than it holds.
    """
    begin = file.tell()
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            header = Header(*np.lib.format.read_array_header_1_0(file))
        else:
            header = Header(*np.lib.format.read_array_header_2_0(file))
    except ERRORS as error:
        raise RejectedSource(f"should be an array of numbers. Received: {error}") from error
    if header.dtype.hasobject:
        raise RejectedSource("should be an array of numbers. Received: Python objects")
    if min(header.shape, default=0) < 0 or header.nbytes > size - (file.tell() - begin):
        raise RejectedSource(
            f"should be a whole array. Received: {size} bytes for {list(header.shape)}"
        )
    return header


def map_array(file: BinaryIO, header: Header) -> np.ndarray:
    """The array that begins where the file is, mapped into memory."""
    if not header.nbytes:
        return np.empty(header.shape, header.dtype)
    order = "F" if header.fortran_order else "C"
    try:
        return np.memmap(file, header.dtype, "r", file.tell(), header.shape, order)
    except ERRORS as error:
        raise RejectedSource(f"should be a whole array. Received: {error}") from error


def open_array(path: Path) -> np.ndarray:
    """The array in a npy file, mapped into memory; raises `RejectedSource` if there is none."""
    try:
        with open(path, "rb") as file:
            return map_array(file, read_header(file, path.stat().st_size))
    except OSError as error:
        raise RejectedSource(f"should be an array of numbers. Received: {error}") from error


def frames_of(read: Callable[[slice], np.ndarray], count: int) -> Iterator[np.ndarray]:
    """Yields `count` frames uint8 [H, W, 3] of an array that `read(slice)` cuts along time.

    It is [T, H, W], [T, H, W, C] or [T, C, H, W] with 1 or 3 channels.
    """
    begin, step = 0, 1
    while begin < count:
        block = read(slice(begin, min(begin + step, count)))
        yield from _to_rgb(block)
        begin += step
        step = max(BLOCK * len(block) // max(block.nbytes, 1), 1)


def check_uint8(shape: tuple[int, ...], dtype: np.dtype):
    """Raises `RejectedSource` unless an array holds uint8, and something at all."""
    if dtype != np.uint8 or 0 in shape:
        raise RejectedSource(f"should hold uint8 frames. Received: {dtype} {list(shape)}")


def class_labels(file: Path, count: int) -> list[str | None]:
    """The labels of `count` clips in a npy file, numbers [N] or one-hot [N, L]; none without it.

    Raises:
        RejectedSource: the file holds something else.
    """
    if not file.is_file():
        return [None] * count
    labels = open_array(file)
    if labels.ndim == 2 and labels.shape[1]:
        labels = labels.argmax(1)
    if labels.shape == (count, 0):
        return [None] * count
    if labels.shape != (count,) or labels.dtype.kind not in "iuf":
        raise RejectedSource(
            f"should have {count} labels in {file.name}. "
            f"Received: {labels.dtype} {list(labels.shape)}"
        )
    return [f"{label:.0f}" for label in labels.tolist()]


def _to_rgb(block):
    if block.ndim == 3:
        block = block[..., None]
    elif block.shape[-1] not in CHANNELS:
        block = np.moveaxis(block, 1, -1)
    if block.ndim != 4 or block.shape[-1] not in CHANNELS:
        raise RejectedSource(f"should have 1 or 3 channels. Received: {list(block.shape)}")
    check_size(*block.shape[2:0:-1])
    for frame in block:
        yield np.repeat(frame, 3 // frame.shape[-1], axis=-1)
