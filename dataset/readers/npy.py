"""NumPy arrays of clips, read where they lie (memory-mapped)."""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers.arrays import check_uint8, frames_of, load
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    broken,
    first_file,
    list_files,
    name_and_label,
)

SUFFIXES = {".npy"}


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are npy files."""
    return first_file(path, SUFFIXES) is not None


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each clip of each array, uint8 with 1 or 3 channels (C).

    [N, T, H, W], [N, T, H, W, C] and [N, T, C, H, W] are N clips; [T, H, W], [T, H, W, C] and
    [T, C, H, W] are one. Moving MNIST, [20, N, 64, 64], is told by its frames.
    """
    sources = []
    for file in list_files(path, SUFFIXES):
        name, label = name_and_label(file, path, options)
        try:
            clips = _open(file)
        except RejectedSource as error:
            sources.append(broken(name, str(error), label))
            continue
        for i in range(len(clips)):
            of_many = name if len(clips) == 1 else f"{name}#{i}"
            sources.append(Source(of_many, functools.partial(_frames, file, i), label))
    return sources


def _open(file):
    """The array as [N, T, ...]."""
    array = load(file, mmap_mode="r")
    check_uint8(array.shape, array.dtype)
    if array.ndim == 3 or (array.ndim == 4 and {array.shape[1], array.shape[3]} & {1, 3}):
        return array[None]
    if array.ndim == 4 and array.shape[0] == 20 < array.shape[1] and array.shape[2:] == (64, 64):
        return array.swapaxes(0, 1)
    if array.ndim not in (4, 5):
        raise RejectedSource(f"should hold clips, 3 to 5 axes. Received: {list(array.shape)}")
    return array


def _frames(file, i) -> Iterator[np.ndarray]:
    clip = _open(file)[i]
    yield from frames_of(clip.__getitem__, len(clip))
