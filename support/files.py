"""Files and folders that appear whole or not at all."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from support.errors import UserError
from support.json_files import parse_json
from support.script import say

# A file or folder that is being written: .partial-<host>-<process>-<8 random characters>-<name>
_PARTIAL = re.compile(r"\.partial-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[a-z0-9_]{8}-.+")
_OLD = 86400  # seconds after which the partial file of another host is abandoned
_IMPORTED = time.time()
_BLOCK = 2**20  # bytes that are hashed at a time


@contextlib.contextmanager
def write_atomically(path: Path | str) -> Iterator[Path]:
    """Yields a temporary path next to `path`, ending in its name, which becomes `path` at the end.

    The file is flushed to the disk before it is renamed; after an error nothing is left.
    """
    path = Path(path)
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=_prefix(), suffix=f"-{path.name}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o666 & ~_umask())
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path | str) -> Iterator[Path]:
    """Yields a temporary folder next to `path`, which becomes `path` if all goes well.

    Raises:
        UserError: `path` exists already and is not an empty folder.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(
            f"Cannot create {path}: it exists already and is not empty. Delete it, or use another "
            "path."
        )
    with partial_folder(path) as temporary:
        yield temporary
        for file in temporary.rglob("*"):
            sync(file)
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)


@contextlib.contextmanager
def partial_folder(path: Path) -> Iterator[Path]:
    """Yields a temporary folder next to `path`, and deletes it at the end."""
    make_folder(path.parent)
    temporary = Path(tempfile.mkdtemp(prefix=_prefix(), suffix=f"-{path.name}", dir=path.parent))
    temporary.chmod(0o777 & ~_umask())
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_vacant(folder: Path | str, *names: str) -> bool:
    """Whether a folder does not exist, or holds only partial files of ours and files `names`."""
    folder = Path(folder)
    if not folder.exists():
        return True
    if not folder.is_dir():
        return False
    return all(f.name in names or _PARTIAL.fullmatch(f.name) for f in folder.iterdir())


def remove_from(folder: Path | str, *names: str):
    """Deletes files and folders `names` of a folder, and the folder if that leaves it empty."""
    folder = Path(folder)
    for path in (folder / name for name in names):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    clear_abandoned(folder)
    with contextlib.suppress(OSError):  # It holds files that we did not write.
        folder.rmdir()


def clear_abandoned(folder: Path | str):
    """Deletes the partial files and folders that killed processes left below `folder`."""
    _clear(folder, _is_abandoned)


def clear_partial(folder: Path | str):
    """Deletes all partial files and folders below `folder`, where no process may be writing."""
    _clear(folder, lambda path: _PARTIAL.fullmatch(path.name))


def _clear(folder, is_unused):
    for path in list(Path(folder).rglob(".partial-*")):
        if not is_unused(path):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def make_folder(path: Path | str):
    """Makes a folder and those above it, where they are not there.

    Raises:
        UserError: there cannot be one, as in /proc; an `OSError` says what else is wrong.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # A file system without new folders, such as /proc.
        raise UserError(
            f"Cannot create the folder {path}: the file system does not allow it. Use another path."
        ) from error


def check_room(folder: Path | str, size: int):
    """Raises an `OSError` where the disk of a folder has no room for so many bytes.

    Some libraries do not report a full disk: HDF5 ends the process, TensorBoard's writer fails
    silently.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def lock(path: Path | str, refusal: str) -> TextIO:
    """Opens the file `path` and locks it until it is closed, or the process ends.

    Raises:
        UserError: another process holds it; says `refusal`.
    """
    file = open(path, "a")  # noqa: SIM115 - open for as long as it is locked.
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UserError(refusal) from None
    except OSError as error:  # NFS without lockd, Lustre without -o flock.
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        say(f"Warning: {path} cannot be locked ({error.strerror}). Start one process at a time.")
    return file


def write_json(path: Path | str, value: Any):
    """Writes plain values, for people to read too."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1) + "\n")


def read_json_lines(path: Path | str, schema: Any = object) -> list:
    """The values in a file with one JSON value per line; [] where there is no file.

    After a process was killed the last line may lack its end: it is left out.

    Raises:
        UserError: another line is damaged, or does not match the schema (see `json_files`).
    """
    path = Path(path)
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    return [parse_json(line, f"{path}, line {i}", schema) for i, line in enumerate(lines, start=1)]


def read_lines(path: Path | str) -> list[str]:
    """The lines of a text that a user wrote, without space around them; empty ones are left out.

    Raises:
        UserError: no such file, or it is not UTF-8 (a byte-order mark is allowed).
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read {path}: it is not UTF-8 text.") from error
    return [line.strip() for line in text.split("\n") if line.strip()]


def sha256(*paths: Path | str) -> str:
    """The SHA-256 of a file's content, or of the contents of several files joined together."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def sync(path: Path | str):
    """Flushes a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _prefix():
    return f".partial-{_host()}-{os.getpid()}-"


def _host():
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _is_abandoned(path):
    """Whether no process can be writing a file or folder, which bears the name of a partial one."""
    name = _PARTIAL.fullmatch(path.name)
    try:
        modified = path.lstat().st_mtime
    except FileNotFoundError:
        return False
    if not name:
        return False
    if name["host"] != _host():
        return modified < time.time() - _OLD
    if int(name["process"]) == os.getpid():  # An earlier process had this number.
        return modified < _IMPORTED
    return not Path(f"/proc/{name['process']}").exists()
