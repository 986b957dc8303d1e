"""TFRecords as the authors of the paper released TrailerFaces: one file per rung.

`<name>-r02.tfrecords` to `<name>-r08.tfrecords` hold the clips at 4x4 to 256x256 pixels, each a
`tf.train.Example` with `shape` (int64 [T, C, H, W]) and `data` (uint8). The largest rung is read.
Labels are in `<name>-rxx.labels` (npy, one-hot).
"""

import functools
import re
from collections.abc import Iterator

import numpy as np
from google.protobuf.message import DecodeError

from dataset.readers.arrays import check_uint8, class_labels, frames_of
from dataset.readers.files import Files
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    broken,
    check_size,
    name_and_label,
)
from dataset.tfrecords import FOOTER, HEADER, checked_record, scan
from support.deferred import tf

SUFFIXES = {".tfrecords"}


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there are files named .tfrecords."""
    return files.has(SUFFIXES)


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each record of the largest rung, or of the file itself."""
    largest = {}
    for file in files.take(files.with_suffix(SUFFIXES)):  # In order: r02, r03, ...
        largest[file.with_name(_split_name(file))] = file
    sources = []
    for stem, file in largest.items():
        name, folder = name_and_label(file, files.root, options)
        begins = list(_begins(file))
        try:
            label_file = stem.with_name(f"{stem.name}-rxx.labels")
            labels = class_labels(label_file, len(begins))
            files.take([label_file] if label_file.is_file() else [])
        except RejectedSource as error:
            sources.append(broken(name, str(error), folder))
            continue
        sources += [
            Source(f"{name}#{i}", functools.partial(_frames, file, begin), folder or label)
            for i, (begin, label) in enumerate(zip(begins, labels, strict=True))
        ]
    return sources


def _split_name(file):
    """The name of a file without its rung."""
    return re.sub(r"-r\d+$", "", file.stem)


def _begins(file) -> Iterator[int]:
    """Where the records of a file begin."""
    begin = 0
    for length in scan(file):
        yield begin
        begin += HEADER + length + FOOTER


def _frames(file, begin) -> Iterator[np.ndarray]:
    try:
        record = checked_record(str(file), begin + HEADER)
        feature = tf.train.Example.FromString(record).features.feature
        shape = tuple(feature["shape"].int64_list.value)
        clip = np.frombuffer(feature["data"].bytes_list.value[0], np.uint8).reshape(shape)
    except (tf.errors.OpError, DecodeError, IndexError, ValueError) as error:
        reason = "damage" if isinstance(error, tf.errors.OpError) else error
        raise RejectedSource(f"should be a whole record of a clip. Received: {reason}") from error
    check_uint8(clip.shape, clip.dtype)
    if clip.ndim != 4:
        raise RejectedSource(f"should have the shape [T, C, H, W]. Received: {list(shape)}")
    check_size(*shape[2:])
    yield from frames_of(clip.__getitem__, len(clip))
