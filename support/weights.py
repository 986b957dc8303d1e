"""Weights of networks, `<name>.weights.h5` as Keras writes them, with a sidecar `<name>.json`.

A file may come from a stranger. Whatever it holds, nothing of it is run, no other file is read,
and no more is read than the network has numbers.
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf

from support.errors import UserError, whole
from support.files import sha256

SUFFIX = ".weights.h5"
_ERRORS = (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError)
_PLAIN = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS)


def sidecar_of(path: Path) -> Path:
    """What lies beside the weights at `path` and tells what they are."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".json")


def check_file(path: Path, what: str, kind: str):
    """Raises `UserError` unless `path` is a file with the ending of weights."""
    if not path.name.endswith(SUFFIX) or not path.is_file():
        raise UserError(
            f"{what} should be a file ending in {SUFFIX}, {kind}. "
            f"Received: {path}{'' if path.is_file() else ' (not there)'}"
        )


def check_hash(path: Path, digest: str):
    """Raises `UserError` unless `digest`, of the sidecar, is the SHA-256 of the weights."""
    if sha256(path) != digest:
        raise UserError(
            f"{path} should be the file that {sidecar_of(path)} describes. "
            "Received: another SHA-256 (damaged, or of something else)"
        )


def load_weights(make: Callable[[], keras.Model], path: Path, of: str) -> keras.Model:
    """Makes a network and gives it the weights at `path`, which are looked at before.

    Args:
        make: makes the network; it is called a first time to ask for shapes alone, so that no
            memory is taken for a network that the file does not hold.
        path: of the weights.
        of: the network, in words.

    Raises:
        UserError: a file that is damaged, holds arrays of other shapes or numbers that are not
            finite, or is more than plain arrays.
    """
    with tf.Graph().as_default():  # Variables of a graph have shapes, and no values.
        shapes = [tuple(variable.shape) for variable in make().weights]
    kind = f"file of weights of {of}"
    with whole(path, kind, *_ERRORS), open_hdf5(path) as file:
        _check_arrays(path, file, shapes, of)
    model = make()
    with whole(path, kind, *_ERRORS):
        model.load_weights(path)
    return model


@contextlib.contextmanager
def open_hdf5(path: Path):
    """Opens an HDF5 file whose data are plain numbers in the file itself.

    Raises:
        UserError: it has soft or external links, data that lie in other files, or data that may
            grow when they are read: compressed, in chunks, or of variable length.
    """
    with h5py.File(path, "r") as file:
        found = file.id.links.visit(_find_link, info=True) or file.visititems(_find_other)
        if found:
            raise UserError(
                f"{path} should hold its data itself, as plain arrays. Received: {found}"
            )
        yield file


def _find_link(name, info):
    return None if info.type == h5py.h5l.TYPE_HARD else f"a link at {name.decode()}"


def _find_other(name, item):
    if isinstance(item, h5py.Group):
        return None
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "biuf":
        return f"other things than numbers at {name}"
    if item.external or item.is_virtual:
        return f"{name} in another file"
    layout = item.id.get_create_plist().get_layout()
    return None if layout in _PLAIN else f"{name} in chunks or compressed"


def _check_arrays(path, file, shapes, of):
    """Raises `UserError` unless `file` has finite float32 arrays of these shapes, no more, no less.

    Which array is which is left to Keras, whose names follow from the classes of layers.
    """
    missing, arrays = Counter(shapes), []
    file.visititems(lambda _, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
    for array in arrays:
        if not missing[array.shape]:
            raise UserError(
                f"{path} should hold the arrays of {of}, and no others. "
                f"Received: {array.name[1:]} of shape {list(array.shape)}"
            )
        missing[array.shape] -= 1
        if array.dtype != np.float32:
            raise UserError(
                f"{path} should hold float32. Received: {array.dtype} at {array.name[1:]}"
            )
    if shape := next(missing.elements(), None):
        raise UserError(
            f"{path} should hold the arrays of {of}. Received: too few of shape {list(shape)}"
        )
    for array in arrays:
        if not np.isfinite(array[()]).all():
            raise UserError(
                f"{path} should hold finite numbers. Received: NaN or infinity at {array.name[1:]}"
            )
