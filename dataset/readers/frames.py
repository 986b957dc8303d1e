"""Folders of frames: every folder that holds images is a clip, its images in natural order."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers import images
from dataset.readers.labels import read_labels
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    first_file,
    list_files,
    make_sources,
    natural_key,
    walk_files,
)


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are images in a folder."""
    return path.is_dir() and first_file(path, images.SUFFIXES) is not None


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each folder that holds images."""
    folders = {file.parent for file in walk_files(path, images.SUFFIXES)}
    return make_sources(sorted(folders, key=natural_key), path, options, _frames, read_labels(path))


def _frames(folder) -> Iterator[np.ndarray]:
    for file in list_files(folder, images.SUFFIXES):
        if file.parent != folder:
            continue  # Of a clip further down.
        try:
            yield images.read_image(file)
        except RejectedSource as error:
            raise RejectedSource(f"{file.name} {error}") from error
