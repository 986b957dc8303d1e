"""Image files that each hold the square frames of a clip side by side, or stacked downwards."""

from collections.abc import Iterator

import numpy as np

from dataset.readers import images
from dataset.readers.files import Files
from dataset.readers.labels import read_labels
from dataset.readers.source import ReaderOptions, RejectedSource, Source, make_sources

_SAMPLED = 10  # images that are opened, until one is whole


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether the first whole image is at least four squares long, which no common frame is."""
    for file in files.with_suffix(images.SUFFIXES)[:_SAMPLED]:
        try:
            with images.open_image(file) as image:
                short, long = sorted(image.size)
        except (RejectedSource, *images.ERRORS):
            continue
        return long % short == 0 and long >= 4 * short
    return False


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each image."""
    found = files.take(files.with_suffix(images.SUFFIXES))
    return make_sources(found, files.root, options, _frames, read_labels(files))


def _frames(path) -> Iterator[np.ndarray]:
    strip = images.read_image(path)
    short, long = sorted(strip.shape[:2])
    if long % short:
        raise RejectedSource(
            "should be a strip of square frames. "
            f"Received: a picture of {strip.shape[1]}x{strip.shape[0]}"
        )
    yield from np.split(strip, long // short, axis=strip.shape.index(long))
