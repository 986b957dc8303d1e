"""Folders of frames: every folder that holds images is a clip, its images in natural order."""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers.source import (
    IMAGE_SUFFIXES,
    ReaderOptions,
    RejectedSource,
    Source,
    list_files,
    name_and_label,
    natural_key,
    read_image,
)


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are images in a folder."""
    return path.is_dir() and bool(list_files(path, IMAGE_SUFFIXES))


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each folder that holds images."""
    folders = {}
    for file in list_files(path, IMAGE_SUFFIXES):
        folders.setdefault(file.parent, []).append(file)
    sources = []
    for folder in sorted(folders, key=natural_key):
        name, label = name_and_label(folder, path, options)
        sources.append(Source(name, functools.partial(_frames, folders[folder]), label))
    return sources


def _frames(files) -> Iterator[np.ndarray]:
    for file in files:
        try:
            yield read_image(file)
        except RejectedSource as error:
            raise RejectedSource(f"{file.name} {error}") from error
