"""NumPy arrays of clips, alone (.npy) or several in a file (.npz), read where they are stored."""

import functools
from collections.abc import Iterator

import numpy as np

from dataset.readers import npz
from dataset.readers.arrays import CHANNELS, check_uint8, frames_of, load
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource, Source, broken, name_and_label

SUFFIXES = {".npy", ".npz"}


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there are npy or npz files."""
    return files.has(SUFFIXES)


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each clip of each array, uint8 with 1 or 3 channels (C).

    [N, T, H, W], [N, T, H, W, C], [N, T, C, H, W] and [N, C, T, H, W] are N clips; [T, H, W],
    [T, H, W, C], [T, C, H, W] and [C, T, H, W] are one. Where several fit, the first one is taken,
    but [3, T, H, W] is a clip in colour. Moving MNIST, [20, N, 64, 64], is recognised by its
    frames.
    """
    sources = []
    for file in files.take(files.with_suffix(SUFFIXES)):
        name, label = name_and_label(file, files.root, options)
        try:
            if file.suffix.lower() == ".npz":
                shapes = npz.list_shapes(file)
                for key, shape in shapes.items():
                    part = f"{name}/{key}" if len(shapes) > 1 else name
                    array = np.broadcast_to(np.uint8(0), shape)  # It takes no memory.
                    sources += _clips(file, part, key, array, label)
            else:
                sources += _clips(file, name, "", load(file), label)
        except RejectedSource as error:
            sources.append(broken(name, str(error), label))
    return sources


def _clips(file, name, key, array, label):
    count = len(_as_clips(array))
    frames = functools.partial(_frames, file, key)
    return [
        Source(name if count == 1 else f"{name}#{i}", functools.partial(frames, i), label)
        for i in range(count)
    ]


def _as_clips(array):
    """The array as clips [N, T, ...]; raises `RejectedSource` where it holds none."""
    shape = array.shape
    check_uint8(shape, array.dtype)
    if array.ndim == 3:
        return array[None]
    if array.ndim == 4:
        if shape[3] in CHANNELS or shape[1] in CHANNELS:
            return array[None]
        if shape[0] == 3:
            return array.swapaxes(0, 1)[None]
        is_moving_mnist = shape[0] == 20 < shape[1] and shape[2:] == (64, 64)
        return array.swapaxes(0, 1) if is_moving_mnist else array
    if array.ndim == 5:
        if shape[4] in CHANNELS or shape[2] in CHANNELS:
            return array
        if shape[1] in CHANNELS:
            return array.swapaxes(1, 2)
    raise RejectedSource(
        "should hold clips, as [N, T, H, W, C] with 1 or 3 channels, or another order. "
        f"Received: {list(shape)}"
    )


def _frames(file, key, i) -> Iterator[np.ndarray]:
    array = npz.open_array(file, key) if key else load(file)
    clip = _as_clips(array)[i]
    yield from frames_of(clip.__getitem__, len(clip))
