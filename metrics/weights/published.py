"""The interface of files of published weights."""

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from support.errors import UserError, reading
from support.files import sha256

MAX_ENTRIES = 1000  # of a zip file; C3D has 22 arrays
# Errors of damaged zip files, and of NumPy's files.
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError),
    *(OSError, EOFError, ValueError, KeyError, SyntaxError, tokenize.TokenError, MemoryError),
)


class PublishedFile:
    """Arrays by name; the shapes are known before any is read, and one is in memory at a time.

    A format defines `_find`, which returns the shapes, and `_read`, which returns an array. Formats
    of C3D also define the order of axes.

    Raises:
        UserError: the file is damaged, or not of the format.
    """

    network = "c3d"
    format: str  # its name in the sidecar
    kind: str  # in words
    errors: tuple[type[Exception], ...]  # of a damaged file
    name_of: str  # "{layer}/{part}": an array's name; {caffe_layer} stands for Caffe's layer names
    parts: tuple[str, str]  # kernel and bias there
    channels_first = True  # kernels [O, I, T, H, W] and [O, I], not [T, H, W, I, O] and [I, O]
    flatten: str | None = "chw"  # order of fc6's inputs: "chw" or "hwc"

    def __init__(self, path: Path):
        self.path = path
        with reading(path, self.kind, *self.errors):
            self.shapes = {name: tuple(shape) for name, shape in self._find().items()}

    def read(self, name: str) -> np.ndarray:
        """An array with the axes of the file, float32; raises `UserError` unless it is finite."""
        with reading(self.path, self.kind, *self.errors):
            array = np.asarray(self._read(name))
        if array.dtype.kind != "f":
            raise UserError(f"{self.path} should hold floats at {name}. Received: {array.dtype}")
        array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise UserError(
                f"{self.path} should hold finite numbers. Received: NaN or infinity at {name}"
            )
        return array

    def sha256(self) -> str:
        """The hash of the file, or of all its files joined together."""
        return sha256(*self._files())

    def _files(self):
        return [self.path]

    def _find(self):
        raise NotImplementedError

    def _read(self, name):
        raise NotImplementedError
