"""Weights of networks, `<name>.weights.h5` as Keras writes them, with a sidecar `<name>.json`.

It is safe to load a file from an unknown source: nothing in it is run, no other file is read, and
no more memory is taken than the file has bytes.
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf

from support.errors import UserError, reading
from support.files import sha256

SUFFIX = ".weights.h5"
_ERRORS = (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError)
_PLAIN = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS)


def sidecar_of(path: Path) -> Path:
    """The JSON file next to the weights at `path` that describes them."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".json")


def check_file(path: Path, what: str, kind: str):
    """Raises `UserError` unless `path` is a file with the ending of weights."""
    if not path.name.endswith(SUFFIX) or not path.is_file():
        raise UserError(
            f"{what} should be a file ending in {SUFFIX}, {kind}. "
            f"Received: {path}{'' if path.is_file() else ' (no such file)'}"
        )


def check_hash(path: Path, digest: str):
    """Raises `UserError` unless `digest`, from the sidecar, is the SHA-256 of the weights."""
    if sha256(path) != digest:
        raise UserError(
            f"Cannot load {path}: its SHA-256 is not the one in {sidecar_of(path)}. The file is "
            "damaged, or belongs to another sidecar."
        )


def load_weights(make: Callable[[], keras.Model], path: Path, network: str) -> keras.Model:
    """Makes a network with the weights at `path`, which are checked first.

    Args:
        make: makes the network. It is called a first time only for the shapes, so that no memory is
            taken for a network that the file does not hold.
        path: of the weights.
        network: its name, for messages.

    Raises:
        UserError: the file is damaged, has other arrays than the network or numbers that are not
            finite, or holds other things than plain arrays.
    """
    with tf.Graph().as_default():  # Variables of a graph have shapes, and no values.
        shapes = [tuple(variable.shape) for variable in make().weights]
    kind = f"file of weights of {network}"
    with reading(path, kind, *_ERRORS), open_hdf5(path) as file:
        _check_arrays(path, file, shapes, network)
    model = make()
    with reading(path, kind, *_ERRORS):
        model.load_weights(path)
    return model


@contextlib.contextmanager
def open_hdf5(path: Path):
    """Opens an HDF5 file whose data are plain numbers in the file itself.

    Raises:
        UserError: it has soft or external links, data in other files, or data that take more
            memory than bytes in the file: compressed, in chunks, of variable length, or declared
            and never written.
    """
    with h5py.File(path, "r") as file:
        problem = file.id.links.visit(_find_link, info=True) or file.visititems(_find_other)
        if problem:
            raise UserError(
                f"{path} should hold its data itself, as plain arrays. Received: {problem}"
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
    if item.id.get_create_plist().get_layout() not in _PLAIN:
        return f"{name} in chunks or compressed"
    if item.id.get_storage_size() != item.nbytes:
        return f"{name}, whose {item.nbytes} bytes were never written"
    return None


def _check_arrays(path, file, shapes, network):
    """Raises `UserError` unless `file` has exactly finite float32 arrays of these shapes.

    Keras assigns the arrays to variables; its names follow from the classes of layers.
    """
    missing, arrays = Counter(shapes), []
    file.visititems(lambda _, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
    for array in arrays:
        if not missing[array.shape]:
            raise UserError(
                f"{path} should hold the arrays of {network}, and no others. "
                f"Received: {array.name[1:]} of shape {list(array.shape)}"
            )
        missing[array.shape] -= 1
        if array.dtype != np.float32:
            raise UserError(
                f"{path} should hold float32. Received: {array.dtype} at {array.name[1:]}"
            )
    if shape := next(missing.elements(), None):
        raise UserError(
            f"{path} should hold the arrays of {network}. Received: too few of shape {list(shape)}"
        )
    size, needed = path.stat().st_size, sum(array.nbytes for array in arrays)
    if size < needed:  # Arrays that share their bytes.
        raise UserError(
            f"{path} should hold the arrays of {network}, of {needed} bytes. "
            f"Received: a file of {size} bytes"
        )
    for array in arrays:
        if not np.isfinite(array[()]).all():
            raise UserError(
                f"{path} should hold finite numbers. Received: NaN or infinity at {array.name[1:]}"
            )
