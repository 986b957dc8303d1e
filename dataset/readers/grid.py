"""One video that is a grid of square clips, read row by row."""

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers import videos
from dataset.readers.source import ReaderOptions, RejectedSource, Source, name_and_label
from support.errors import UserError


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there is one video, and a tile's size was given."""
    return options.tile is not None and path.is_file() and videos.matches(path, options)


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each tile.

    Raises:
        UserError: no size of tiles, one that does not divide the picture, or no video.
    """
    if options.tile is None:
        raise UserError("--tile should be the size of a grid's tiles. Received: none")
    try:
        height, width, _ = next(videos.decode(path)).shape
    except RejectedSource as error:
        raise UserError(f"{path} {error}") from error
    if height % options.tile or width % options.tile:
        raise UserError(
            f"--tile should divide the {width}x{height} picture of {path}. Received: {options.tile}"
        )
    name, label = name_and_label(path, path, options)
    size = options.tile
    corners = itertools.product(range(0, height, size), range(0, width, size))
    return [
        Source(f"{name}#{i}", functools.partial(_tile, path, y, x, size), label)
        for i, (y, x) in enumerate(corners)
    ]


def _tile(path, y, x, size) -> Iterator[np.ndarray]:
    for frame in videos.decode(path):
        yield frame[y : y + size, x : x + size]
