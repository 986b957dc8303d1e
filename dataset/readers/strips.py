"""Image files that each hold the square frames of a clip side by side, or stacked downwards."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from dataset.readers import images
from dataset.readers.labels import read_labels
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    list_files,
    make_sources,
    walk_files,
)


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether the first whole image is at least four squares long, which no common frame is."""
    for file in itertools.islice(walk_files(path, images.SUFFIXES), 10):
        try:
            with Image.open(file) as image:
                short, long = sorted(image.size)
        except (OSError, ValueError, SyntaxError):
            continue
        return long % short == 0 and long >= 4 * short
    return False


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each image."""
    return make_sources(
        list_files(path, images.SUFFIXES), path, options, _frames, read_labels(path)
    )


def _frames(path) -> Iterator[np.ndarray]:
    strip = images.read_image(path)
    short, long = sorted(strip.shape[:2])
    if long % short:
        raise RejectedSource(
            "should be a strip of square frames. "
            f"Received: a picture of {strip.shape[1]}x{strip.shape[0]}"
        )
    yield from np.split(strip, long // short, axis=strip.shape.index(long))
