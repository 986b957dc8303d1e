"""Zip archives of videos, or of folders of frames such as those of StyleGAN-V.

Nothing is unpacked under a name of the archive's: an image is read into memory, a video into a
temporary file without a name. An archive is refused where

- a path leaves it (`..`, or from a root or drive on), or a password or an uncommon method is asked;
- a member of more than 64 MB, or all members together if they are more than 1 GB, are more than
  100 times as large as what is packed.
"""

import functools
import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from dataset.readers import images, videos
from dataset.readers.labels import parse_labels
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    make_sources,
    natural_key,
)
from support.errors import UserError

MAX_RATIO = 100
MAX_MEMBER, MAX_ARCHIVE = 2**26, 2**30  # Bytes up to which any ratio will do.
MAX_IMAGE = 2**28  # Bytes.
BLOCK = 2**20  # Bytes read at a time.


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether it is a file named .zip."""
    return path.is_file() and path.suffix.lower() == ".zip"


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each video, or, where there are none, for each folder that holds images.

    Raises:
        UserError: no archive, or one that is refused.
    """
    try:
        archive = zipfile.ZipFile(path)  # One for all threads: large ones take long to open.
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} should be a zip archive. Received: {error}") from error
    members = _members(archive, path)
    stated = _labels(archive, members)
    found = _with_suffix(members, videos.SUFFIXES)
    if found:
        frames = functools.partial(_decode, archive, members, options.fps)
    else:
        found = {}
        for file in _with_suffix(members, images.SUFFIXES):
            found.setdefault(file.parent, []).append(file)
        frames = functools.partial(_frames, archive, members, found)
    root = PurePosixPath(path.name)
    return make_sources(sorted(found, key=natural_key), root, options, frames, stated)


def _members(archive, path):
    """{path below the archive's name: member}, without folders and hidden files."""
    members, packed, unpacked = {}, path.stat().st_size, 0
    for member in archive.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or re.match("[A-Za-z]:", str(name)):
            raise UserError(f"{path} should keep its paths inside. Received: {member.filename}")
        if member.flag_bits & 1 or member.compress_type not in (0, zipfile.ZIP_DEFLATED):
            raise UserError(
                f"{path} should be packed by store or deflate, with no password. "
                f"Received: {member.filename}"
            )
        _check_ratio(member.filename, path, member.file_size, member.compress_size, MAX_MEMBER)
        unpacked += member.file_size
        if not member.is_dir() and not any(part.startswith(".") for part in name.parts):
            members[path.name / name] = member
    _check_ratio("all of it", path, unpacked, packed, MAX_ARCHIVE)
    return members


def _check_ratio(what, path, unpacked, packed, limit):
    if unpacked > max(limit, MAX_RATIO * packed):
        raise UserError(
            f"{path} should unpack to no more than {MAX_RATIO} times its size. "
            f"Received: {what}, {unpacked / 1e6:.0f} MB of {packed / 1e6:.1f} MB"
        )


def _with_suffix(members, suffixes):
    return sorted((m for m in members if m.suffix.lower() in suffixes), key=natural_key)


def _labels(archive, members):
    """Of the dataset.json nearest to the root."""
    files = sorted((m for m in members if m.name == "dataset.json"), key=lambda m: len(m.parts))
    return parse_labels(_read(archive, members[files[0]]), str(files[0])) if files else {}


def _frames(archive, members, clips, folder) -> Iterator[np.ndarray]:
    for file in clips[folder]:
        try:
            yield images.read_image(io.BytesIO(_read(archive, members[file])))
        except RejectedSource as error:
            raise RejectedSource(f"{file.name} {error}") from error


def _decode(archive, members, fps, file) -> Iterator[np.ndarray]:
    with tempfile.TemporaryFile() as copy:
        for block in _blocks(archive, members[file]):
            copy.write(block)
        copy.flush()
        yield from videos.pictures(Path(f"/dev/fd/{copy.fileno()}"), fps)


def _read(archive, member):
    if member.file_size > MAX_IMAGE:
        raise RejectedSource(f"should have up to {MAX_IMAGE} bytes. Received: {member.file_size}")
    return b"".join(_blocks(archive, member))


def _blocks(archive, member):
    try:
        with archive.open(member) as file:
            while block := file.read(BLOCK):
                yield block
    except (OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RejectedSource(f"should be whole in its archive. Received: {error}") from error
