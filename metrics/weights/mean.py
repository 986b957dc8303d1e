"""The mean of a C3D's training data, as users hold it."""

from pathlib import Path

import numpy as np

from metrics.weights.caffe import read_blob
from metrics.weights.published import ZIP_ERRORS
from support.errors import UserError, whole

CUBE = (16, 128, 171, 3)  # frames, height, width, and blue, green, red
_CHANNELS_FIRST = (3, 16, 128, 171)


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
            "--mean should be grey levels of 0 to 255. "
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
            "--mean should be a file or three numbers, blue,green,red. "
            f"Received: {path} (no such file)"
        )
    with open(path, "rb") as file:
        start = file.read(6)
    if start != b"\x93NUMPY" and not start.startswith(b"PK"):
        return read_blob(path)
    with whole(path, "file of NumPy", *ZIP_ERRORS):
        data = np.load(path, allow_pickle=False)
        if isinstance(data, np.ndarray):
            return data
        with data:
            if len(data.files) != 1:
                raise ValueError(f"{len(data.files)} arrays")
            return data[data.files[0]]


def _arrange(path, array):
    """A cube [3, 16, 128, 171] with axes of length 1 anywhere, or one that lies as ours."""
    shape = tuple(size for size in array.shape if size != 1)
    if shape not in (CUBE, _CHANNELS_FIRST) or array.dtype.kind not in "fiu":
        raise UserError(
            f"{path} should hold the mean cube {list(_CHANNELS_FIRST)}. "
            f"Received: {array.dtype} {list(array.shape)}"
        )
    array = array.reshape(shape).astype(np.float32)
    return array if shape == CUBE else array.transpose(1, 2, 3, 0)
