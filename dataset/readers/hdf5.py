"""HDF5 files of clips, read a few frames at a time.

data*                  [N, T, C, H, W]   the authors' code; labels in <file>-labels.npy
image, <file>.json     [frames, C, H, W] TGAN; the JSON lists start, end and perhaps category
train_data, train_idx  [frames, H, W, C] VideoGPT; the frames at which videos begin
"""

import contextlib
import functools
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from dataset.readers.arrays import check_uint8, class_labels, frames_of
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    broken,
    first_file,
    list_files,
    name_and_label,
)

SUFFIXES = {".h5", ".hdf5"}
MAX_CHUNK = 2**28  # Bytes of a chunk, which is unpacked as a whole.


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are HDF5 files."""
    return first_file(path, SUFFIXES) is not None


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each clip of each file."""
    sources = []
    for file in list_files(path, SUFFIXES):
        name, folder = name_and_label(file, path, options)
        try:
            with _open(file) as opened:
                key, clips = _clips(opened, file)
        except RejectedSource as error:
            sources.append(broken(name, str(error), folder))
            continue
        for i, (index, begin, end, label) in enumerate(clips):
            frames = functools.partial(_frames, file, key, index, begin, end)
            sources.append(Source(f"{name}#{i}", frames, folder or label))
    return sources


@contextlib.contextmanager
def _open(file):
    try:
        with h5py.File(file, "r") as opened:
            yield opened
    except RejectedSource:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise RejectedSource(f"should be a whole HDF5 file. Received: {error}") from error


def _clips(opened, file):
    """Key of the data, and for each clip: index, first frame and end, and label.

    The index is empty where all clips lie in a row.
    """
    if "image" in opened:
        length, stated = len(_frame_data(opened, "image", 4)), _read_json(file.with_suffix(".json"))
        clips = [((), *_span(clip, length), clip.get("category")) for clip in stated]
        return "image", clips
    if "train_data" in opened:
        length = len(_frame_data(opened, "train_data", 4))
        begins = [*_own(opened, "train_idx")[:].tolist(), length]
        spans = ({"start": b, "end": e} for b, e in itertools.pairwise(begins))
        return "train_data", [((), *_span(span, length), None) for span in spans]
    keys = [key for key in opened if key.startswith("data")]
    if not keys:
        raise RejectedSource(
            "should hold data, image or train_data. "
            f"Received: {', '.join(itertools.islice(opened, 5)) or 'nothing'}"
        )
    key = max(keys, key=lambda key: _frame_data(opened, key, 5).shape[3:])
    count, length = opened[key].shape[:2]
    labels = class_labels(file.with_name(f"{file.stem}-labels.npy"), count)
    return key, [((i,), 0, length, label) for i, label in enumerate(labels)]


def _own(opened, key):
    """The data under a key, which has to lie in this very file."""
    link = opened.get(key, getlink=True)
    data = opened[key] if isinstance(link, h5py.HardLink) else None
    if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        raise RejectedSource(f"should hold {key} itself. Received: a link, a group or nothing")
    return data


def _frame_data(opened, key, axes):
    data = _own(opened, key)
    check_uint8(data.shape, data.dtype)
    chunk = math.prod(data.chunks or ())
    if data.ndim != axes or chunk > MAX_CHUNK:
        raise RejectedSource(
            f"should have {axes} axes in {key}, and up to {MAX_CHUNK} bytes a chunk. "
            f"Received: {list(data.shape)}, {chunk}"
        )
    return data


def _read_json(file):
    try:
        clips = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise RejectedSource(f"should have its clips in {file.name}. Received: {error}") from error
    if not isinstance(clips, list) or not all(isinstance(clip, dict) for clip in clips):
        raise RejectedSource(f"should have a list of clips in {file.name}. Received: another JSON")
    return clips


def _span(clip, length):
    begin, end = clip.get("start"), clip.get("end")
    if not (isinstance(begin, int) and isinstance(end, int) and 0 <= begin < end <= length):
        raise RejectedSource(f"should have clips in 0 to {length}. Received: {begin} to {end}")
    return begin, end


def _frames(file, key, index, begin, end) -> Iterator[np.ndarray]:
    with _open(file) as opened:
        data = opened[key]
        yield from frames_of(lambda t: data[*index, begin + t.start : begin + t.stop], end - begin)
