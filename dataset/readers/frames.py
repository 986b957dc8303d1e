"""Folders of frames: every folder that holds images is a clip, its images in natural order."""

import collections
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset.readers import images
from dataset.readers.files import Files, natural_key
from dataset.readers.labels import read_labels
from dataset.readers.source import ReaderOptions, RejectedSource, Source, make_sources


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there are images in a folder."""
    return Path(files.root).is_dir() and files.has(images.SUFFIXES)


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each folder that holds images."""
    clips = collections.defaultdict(list)
    for file in files.take(files.with_suffix(images.SUFFIXES)):
        clips[file.parent].append(file)
    folders = sorted(clips, key=natural_key)
    labels = read_labels(files)
    return make_sources(folders, files.root, options, lambda folder: _frames(clips[folder]), labels)


def _frames(files) -> Iterator[np.ndarray]:
    for file in files:
        try:
            yield images.read_image(file)
        except RejectedSource as error:
            raise RejectedSource(f"{file.name} {error}") from error
