"""HDF5 files of clips, read a few frames at a time.

data*                  [N, T, C, H, W]   the authors' code; labels in <file>-labels.npy
image, <file>.json     [frames, C, H, W] TGAN; the JSON lists start, end and perhaps category
train_data, train_idx  [frames, H, W, C] VideoGPT; the frames at which videos begin
"""

import contextlib
import functools
import itertools
import math
from collections.abc import Iterator

import h5py
import numpy as np

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
from support.errors import UserError
from support.json_files import read_json

SUFFIXES = {".h5", ".hdf5"}
MAX_CHUNK = 2**28  # Bytes of a chunk, which is unpacked as a whole.


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there are HDF5 files."""
    return files.has(SUFFIXES)


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each clip of each file."""
    sources = []
    for file in files.take(files.with_suffix(SUFFIXES)):
        name, folder = name_and_label(file, files.root, options)
        try:
            with _open(file) as opened:
                key, clips = _clips(opened, file)
            files.take(path for path in (_spans_file(file), _label_file(file)) if path.is_file())
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

    The index is empty where all clips are stored one after the other.
    """
    if "image" in opened:
        length = len(_frame_data(opened, "image", [-2, -1]))
        clips = [((), *_span(clip, length), _category(clip)) for clip in _read_spans(file)]
        return "image", clips
    if "train_data" in opened:
        length = len(_frame_data(opened, "train_data", [1, 2]))
        starts = _own(opened, "train_idx")
        if starts.ndim != 1 or starts.dtype.kind not in "iu" or len(starts) > length:
            raise RejectedSource(
                "should have the first frame of each video in train_idx. "
                f"Received: {starts.dtype} {list(starts.shape)}"
            )
        _check_written(starts, "train_idx")
        begins = [*starts[:].tolist(), length]
        spans = ({"start": b, "end": e} for b, e in itertools.pairwise(begins))
        return "train_data", [((), *_span(span, length), None) for span in spans]
    keys = [key for key in opened if key.startswith("data")]
    if not keys:
        raise RejectedSource(
            "should hold data, image or train_data. "
            f"Received: {', '.join(itertools.islice(opened, 5)) or 'nothing'}"
        )
    key = max(keys, key=lambda key: _frame_data(opened, key, [-2, -1], axes=5).shape[3:])
    count, length = opened[key].shape[:2]
    labels = class_labels(_label_file(file), count)
    return key, [((i,), 0, length, label) for i, label in enumerate(labels)]


def _own(opened, key):
    """The data under a key, which has to be stored in this very file."""
    link = opened.get(key, getlink=True)
    data = opened[key] if isinstance(link, h5py.HardLink) else None
    if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        raise RejectedSource(f"should hold {key} itself. Received: a link, a group or nothing")
    return data


def _check_written(data, key):
    """Raises `RejectedSource` where a file claims data that were never written to it."""
    if data.chunks:
        pairs = zip(data.shape, data.chunks, strict=True)
        expected, there = math.prod(-(-n // m) for n, m in pairs), data.id.get_num_chunks()
    else:
        expected, there = data.nbytes, data.id.get_storage_size()
    if there < expected:
        raise RejectedSource(
            f"should hold all of {key}. Received: {there} of {expected} "
            f"{'chunks' if data.chunks else 'bytes'}"
        )


def _frame_data(opened, key, picture, axes=4):
    """The data under a key, which has so many axes; `picture` are those of height and width."""
    data = _own(opened, key)
    check_uint8(data.shape, data.dtype)
    chunk = math.prod(data.chunks or ())
    if data.ndim != axes or chunk > MAX_CHUNK:
        raise RejectedSource(
            f"should have {axes} axes in {key}, and up to {MAX_CHUNK} bytes per chunk. "
            f"Received: {list(data.shape)}, {chunk}"
        )
    check_size(*(data.shape[axis] for axis in picture))
    _check_written(data, key)
    return data


def _spans_file(file):
    return file.with_suffix(".json")


def _label_file(file):
    return file.with_name(f"{file.stem}-labels.npy")


def _read_spans(file):
    try:
        return read_json(_spans_file(file), [dict])
    except UserError as error:
        raise RejectedSource(f"should have its clips in a JSON file. Received: {error}") from error


def _category(clip):
    category = clip.get("category")
    if not isinstance(category, str | int | None):
        raise RejectedSource(f"should have names or numbers as categories. Received: {category!r}")
    return None if category is None else str(category)


def _span(clip, length):
    begin, end = clip.get("start"), clip.get("end")
    if not (isinstance(begin, int) and isinstance(end, int) and 0 <= begin < end <= length):
        raise RejectedSource(f"should have clips in 0 to {length}. Received: {begin} to {end}")
    return begin, end


def _frames(file, key, index, begin, end) -> Iterator[np.ndarray]:
    with _open(file) as opened:
        data = opened[key]
        yield from frames_of(lambda t: data[*index, begin + t.start : begin + t.stop], end - begin)
