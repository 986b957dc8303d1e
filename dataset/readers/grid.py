"""One video that is a grid of square clips, read row by row."""

import functools
import itertools
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from dataset.readers import videos
from dataset.readers.files import Files
from dataset.readers.source import (
    Frames,
    ReaderOptions,
    RejectedSource,
    Source,
    name_and_label,
)
from support.errors import UserError

MAX_KEPT = 2**29  # bytes of a video that are kept; a larger one is decoded again for each tile


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there is one video, and a tile's size was given."""
    is_file = Path(files.root).is_file()
    return options.tile is not None and is_file and videos.matches(files, options)


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each tile.

    Raises:
        UserError: no size of tiles, one that does not divide the picture, or no video.
    """
    if options.tile is None:
        raise UserError("`tile` should be the size of a grid's tiles. Received: none")
    path = Path(files.root)
    try:
        height, width, _ = next(videos.decode(path), np.empty((0, 0, 3))).shape
    except RejectedSource as error:
        raise UserError(f"{path} {error}") from error
    if height % options.tile or width % options.tile or not height:
        raise UserError(
            f"`tile` should divide the {width}x{height} picture of {path}. Received: {options.tile}"
        )
    files.take([path])
    name, label = name_and_label(path, path, options)
    size, frames = options.tile, _Once(functools.partial(videos.decode, path, options.fps))
    corners = itertools.product(range(0, height, size), range(0, width, size))
    return [
        Source(f"{name}#{i}", functools.partial(_tile, frames, y, x, size), label, video=name)
        for i, (y, x) in enumerate(corners)
    ]


class _Once:
    """Frames that are decoded once, and kept, if they are not too many."""

    def __init__(self, decode: Callable[[], Generator[np.ndarray, None, float | None]]):
        self.decode, self.kept, self.lock = decode, None, threading.Lock()
        self._rate = None

    def __call__(self) -> Generator[np.ndarray, None, float | None]:
        with self.lock:
            if self.kept is None:
                self.kept = self._keep()
        if not self.kept:
            return (yield from self.decode())
        yield from self.kept
        return self._rate

    def _keep(self):
        kept, size, stream = [], 0, Frames(self.decode())
        for frame in stream:
            kept.append(frame)
            size += frame.nbytes
            if size > MAX_KEPT:
                return []
        self._rate = stream.rate
        return kept


def _tile(frames, y, x, size) -> Generator[np.ndarray, None, float | None]:
    stream = Frames(frames())
    for frame in stream:
        yield frame[y : y + size, x : x + size]
    return stream.rate
