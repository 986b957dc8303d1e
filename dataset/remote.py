"""Files elsewhere: at https://, at gs:// through TensorFlow, and at s3:// through fsspec.

fsspec is optional (`pip install '.[remote]'`), and knows other schemes where their packages are
installed. Without it tensorflow-io reads s3:// (`pip install '.[io]'`, with TensorFlow 2.17). What
may pass, such as a lost connection or a server that is busy, is tried again after a pause.
"""

import functools
import importlib.util
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from support.deferred import tf
from support.errors import UserError, short_message

T = TypeVar("T")

WAITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each further try
_OF_TENSORFLOW = ("gs", "file")
_BLOCK = 2**24  # bytes of a file that are read at a time
_SILENCE = 30  # seconds without a byte after which a connection is given up
_GONE = (404, 410)  # HTTP's statuses of files that do not exist
_BUSY = (408, 425, 429)  # those below 500 that may pass


class _FileSystem(Protocol):
    def info(self, path: str) -> dict[str, Any]: ...

    def cat_file(self, path: str, *, start: int, end: int) -> bytes: ...


class _TensorFlowFiles:
    def info(self, path):
        return {"size": tf.io.gfile.stat(path).length}

    def cat_file(self, path, *, start, end):
        with tf.io.gfile.GFile(path, "rb") as file:
            file.seek(start)
            return file.read(end - start)


class _WebFiles:
    def info(self, path):
        with self._request(path, "HEAD") as answer:
            size = answer.headers.get("Content-Length")
        return {"size": size and int(size)}

    def cat_file(self, path, *, start, end):
        if start == end:
            return b""
        with self._request(path, "GET", {"Range": f"bytes={start}-{end - 1}"}) as answer:
            return answer.read(end - start + 1)  # A server without ranges sends more.

    def _request(self, path, method, headers=None):
        request = urllib.request.Request(path, headers=headers or {}, method=method)
        return urllib.request.urlopen(request, timeout=_SILENCE)


def is_of_tensorflow(path: str) -> bool:
    """Whether TensorFlow itself reads the path."""
    return _scheme(path) in _OF_TENSORFLOW


def size(path: str) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        found = _persist(path, lambda: _system(_scheme(path)).info(path)["size"])
    except FileNotFoundError:
        return None
    if found is None:
        raise UserError(f"Cannot read {path}: its server does not state its size. Copy it here.")
    return found


def read(path: str, begin: int, end: int) -> bytes:
    """The bytes of a file from `begin` to `end`.

    Raises:
        UserError: there is no such file, or it cannot be read, also after all tries.
    """

    def read_once():
        data = _system(_scheme(path)).cat_file(path, start=begin, end=end)
        if len(data) > end - begin:
            raise UserError(
                f"Cannot read {path}: its server sends whole files only (HTTP ranges are needed). "
                "Use another server, or copy the data set here."
            )
        if len(data) < end - begin:
            raise ConnectionError(f"{len(data)} of {end - begin} bytes came")
        return data

    try:
        return _persist(path, read_once)
    except FileNotFoundError as error:
        raise _missing(path) from error


def blocks(path: str) -> Iterator[bytes]:
    """Yields all of a file; raises as `read` does."""
    total = size(path)
    if total is None:
        raise _missing(path)
    for begin in range(0, total, _BLOCK):
        yield read(path, begin, min(begin + _BLOCK, total))


def _persist(path: str, work: Callable[[], T]) -> T:
    """Calls `work` until it succeeds, or fails in a way that does not pass."""
    for wait in (*WAITS, None):
        try:
            return work()
        except (UserError, ImportError):
            raise
        except Exception as error:  # Each file system raises the errors of its own library.
            if _is_missing(error):
                raise FileNotFoundError(path) from error
            if wait is None or not _may_pass(error):
                tries = f" ({len(WAITS) + 1} tries)" if wait is None else ""
                raise UserError(
                    f"Cannot read {path}: {_describe(error)}{tries}. Check the address and the "
                    "network, then run the same command again."
                ) from error
        time.sleep(wait * random.uniform(0.75, 1.25))  # So that workers do not return together.
    raise ValueError("`WAITS` should not be empty")


def _scheme(path):
    return path.partition("://")[0]


def _missing(path):
    return UserError(f"Cannot read {path}: no such file. Copy the data set again.")


def _is_missing(error):
    kinds = (FileNotFoundError, tf.errors.NotFoundError)
    return isinstance(error, kinds) or _status(error) in _GONE


def _may_pass(error):
    kinds = (PermissionError, NotImplementedError)
    kinds += (tf.errors.PermissionDeniedError, tf.errors.UnauthenticatedError)
    status = _status(error)
    return not isinstance(error, kinds) and (status is None or status >= 500 or status in _BUSY)


def _status(error):
    return error.code if isinstance(error, urllib.error.HTTPError) else None


def _describe(error):
    if isinstance(error, urllib.error.URLError) and not _status(error):
        error = error.reason
    return short_message(error).rstrip(".") or type(error).__name__


@functools.cache
def _system(scheme: str) -> _FileSystem:
    if scheme in _OF_TENSORFLOW:
        return _TensorFlowFiles()
    if scheme in ("http", "https"):
        return _WebFiles()
    try:
        import fsspec

        return fsspec.filesystem(scheme)
    except (ImportError, ValueError) as error:  # The latter for a scheme that it does not know.
        if scheme == "s3" and importlib.util.find_spec("tensorflow_io"):
            importlib.import_module("tensorflow_io")  # TensorFlow then reads it.
            return _TensorFlowFiles()
        raise UserError(
            f"Cannot read {scheme}://: {str(error).rstrip('.')}. Install the packages for remote "
            "data sets (pip install '.[remote]')."
        ) from error
