"""Shared by readers of arrays: their numbers become frames, a few at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dataset.readers.source import RejectedSource, check_size
from support.arrays import open_array
from support.errors import UserError

BLOCK = 2**24  # bytes read at a time, or one frame
CHANNELS = (1, 3)


def load(path: Path) -> np.ndarray:
    """The array in a npy file, mapped into memory; raises `RejectedSource` if there is none."""
    try:
        return open_array(path)
    except UserError as error:
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
    labels = load(file)
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
