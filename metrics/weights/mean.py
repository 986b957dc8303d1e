"""The mean of a C3D's training data, in the formats that users have."""

import math
from pathlib import Path

import numpy as np

from metrics.weights.caffe import read_blob
from metrics.weights.chainer import ChainerFile
from support.arrays import open_array
from support.errors import UserError

CUBE = (16, 128, 171, 3)  # frames, height, width, and blue, green, red
_CHANNELS_FIRST = (3, 16, 128, 171)
_EXPECTED = f"the mean cube {list(_CHANNELS_FIRST)}"


def read_mean(mean: str | Path) -> np.ndarray:
    """Three numbers "blue,green,red", or the cube in a file of NumPy (.npy, .npz) or of Caffe.

    Returns:
        [3] or [16, 128, 171, 3] float32, grey levels of 0 to 255 in the order BGR.

    Raises:
        UserError: neither of them.
    """
    array = _three_numbers(mean)
    if array is None:
        array = _arrange(Path(mean), _read(Path(mean)))
    if not ((array >= 0) & (array <= 255)).all():
        raise UserError(
            "`mean` should be grey levels of 0 to 255. "
            f"Received: {mean}, of {array.min():g} to {array.max():g}"
        )
    return array


def _three_numbers(mean):
    try:
        numbers = [float(number) for number in str(mean).split(",")]
    except ValueError:
        return None
    return np.array(numbers, np.float32) if len(numbers) == 3 else None


def _read(path):
    if not path.is_file():
        raise UserError(
            "`mean` should be a file or three numbers, blue,green,red. "
            f"Received: {path} (no such file)"
        )
    with open(path, "rb") as file:
        start = file.read(6)
    if start == b"\x93NUMPY":
        return open_array(path)
    if not start.startswith(b"PK"):
        return read_blob(path)
    file = ChainerFile(path)
    if len(file.shapes) != 1:
        raise UserError(f"{path} should hold one array. Received: {len(file.shapes)}")
    ((name, shape),) = file.shapes.items()
    if math.prod(shape) != math.prod(CUBE):
        raise UserError(f"{path} should hold {_EXPECTED}. Received: {list(shape)}")
    return file.read(name)


def _arrange(path, array):
    """A cube [3, 16, 128, 171] with axes of length 1 anywhere, or [16, 128, 171, 3] as ours."""
    shape = tuple(size for size in array.shape if size != 1)
    if shape not in (CUBE, _CHANNELS_FIRST) or array.dtype.kind not in "fiu":
        raise UserError(
            f"{path} should hold {_EXPECTED}. Received: {array.dtype} {list(array.shape)}"
        )
    array = array.reshape(shape).astype(np.float32)
    return array if shape == CUBE else array.transpose(1, 2, 3, 0)
