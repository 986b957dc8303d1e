"""Files of a data set, in a folder here or in one that TensorFlow's file systems reach.

gs:// is part of TensorFlow. s3:// comes with tensorflow-io (`pip install '.[io]'`), which is
imported for such a path alone.
"""

import contextlib
import importlib
import os
from collections.abc import Iterable

from support import files
from support.addresses import is_remote
from support.deferred import tf
from support.errors import UserError


def connect(path: str):
    """Prepares access to `path`; raises `UserError` where its file system cannot be reached."""
    if not is_remote(path):
        return
    if not path.startswith("gs://"):
        with contextlib.suppress(ImportError):
            importlib.import_module("tensorflow_io")
    try:
        tf.io.gfile.exists(path)
    except tf.errors.UnimplementedError as error:
        raise UserError(
            f"Cannot read {path}: TensorFlow {tf.__version__} has no such file system. Install "
            "tensorflow-io for s3:// (pip install '.[io]')."
        ) from error
    except tf.errors.OpError as error:
        raise UserError(f"Cannot read {path}: {error.message}.") from error


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    if is_remote(path):
        try:
            return tf.io.gfile.stat(path).length
        except tf.errors.NotFoundError:
            return None
    try:
        return os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def read(path: str) -> bytes:
    """All of a file."""
    with _open(path) as file:
        return file.read()


def read_at(path: str, begin: int, end: int) -> bytes:
    """The bytes of a file from `begin` to `end`."""
    return read_spans(path, [(begin, end)])[0]


def read_spans(path: str, spans: Iterable[tuple[int, int]]) -> list[bytes]:
    """The bytes of a file from `begin` to `end`, for each pair of them in `spans`."""
    if not is_remote(path):
        with open(path, "rb", buffering=0) as file:
            return [os.pread(file.fileno(), end - begin, begin) for begin, end in spans]
    parts = []
    with _open(path) as file:
        for begin, end in spans:
            file.seek(begin)
            parts.append(file.read(end - begin))
    return parts


def state(path: str) -> list[int]:
    """Bytes and time of the last change, in nanoseconds, by which a changed file is noticed."""
    if is_remote(path):
        found = tf.io.gfile.stat(path)
        return [found.length, found.mtime_nsec]
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns]


def sha256(path: str) -> str:
    """The SHA-256 of a file."""
    return files.sha256(path, open_file=_opener(path))


def _open(path):
    return _opener(path)(path, "rb")


def _opener(path):
    return tf.io.gfile.GFile if is_remote(path) else open
