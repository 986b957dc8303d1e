"""Files of a data set, in a folder here or in one that TensorFlow's file systems reach.

gs:// is TensorFlow's own. s3:// comes with tensorflow-io (`pip install '.[io]'`), which is imported
for such a path alone.
"""

import contextlib
import hashlib
import importlib
import os
import re
from pathlib import Path

import tensorflow as tf

from support.errors import UserError

_BLOCK = 2**20


def normalise(path: Path | str) -> str:
    """The path as text; `Path` takes a slash from s3://bucket, which is put back."""
    return re.sub(r"^(\w+):/(?!/)", r"\1://", str(path))


def is_remote(path: str) -> bool:
    """Whether the path lies elsewhere than in the file system of this machine."""
    return "://" in path


def connect(path: str):
    """Gets ready for `path`; raises `UserError` where its file system is not there."""
    if not is_remote(path):
        return
    if not path.startswith("gs://"):
        with contextlib.suppress(ImportError):
            importlib.import_module("tensorflow_io")
    try:
        tf.io.gfile.exists(path)
    except tf.errors.UnimplementedError as error:
        raise UserError(
            f"{path} should be read with tensorflow-io (pip install '.[io]'). "
            f"Received: TensorFlow {tf.__version__} without it"
        ) from error
    except tf.errors.OpError as error:
        raise UserError(f"{path} should be within reach. Received: {error.message}") from error


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        return tf.io.gfile.stat(path).length if is_remote(path) else os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError, tf.errors.NotFoundError):
        return None


def read(path: str) -> bytes:
    """All of a file."""
    with _open(path) as file:
        return file.read()


def read_at(path: str, begin: int, end: int) -> bytes:
    """The bytes of a file from `begin` to `end`."""
    if is_remote(path):
        with _open(path) as file:
            file.seek(begin)
            return file.read(end - begin)
    with open(path, "rb", buffering=0) as file:
        return os.pread(file.fileno(), end - begin, begin)


def sha256(path: str) -> str:
    """The hash of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with _open(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _open(path):
    return tf.io.gfile.GFile(path, "rb") if is_remote(path) else open(path, "rb")
