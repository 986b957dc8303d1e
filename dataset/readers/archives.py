"""Zip archives of videos, or of folders of frames such as those of StyleGAN-V.

Nothing is unpacked under a name of the archive's: an image is read into memory, a video into a
temporary file without a name. An archive is refused where

- a path leaves it (`..`, or from a root or drive on) or is more than 100 folders deep;
- a password or an uncommon method is used;
- a member of more than 64 MB, or all members together if they are more than 1 GB, are more than
  100 times as large as they are packed.
"""

import collections
import functools
import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dataset.readers import images, videos
from dataset.readers.files import Files, natural_key
from dataset.readers.labels import NAME, parse_labels
from dataset.readers.source import ReaderOptions, RejectedSource, Source, make_sources
from dataset.readers.unpack import ERRORS, MAX_RATIO, is_too_large
from support.errors import UserError
from support.text import printable

MAX_ARCHIVE = 2**30  # bytes up to which any ratio will do
MAX_IMAGE = 2**28  # bytes
MAX_DEPTH = 100  # folders around a member
BLOCK = 2**20  # bytes read at a time


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether it is a file named .zip."""
    path = Path(files.root)
    return path.is_file() and path.suffix.lower() == ".zip"


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each video, or, where there are none, for each folder that holds images.

    Raises:
        UserError: no archive, or one that is refused.
    """
    path = Path(files.root)
    try:
        archive = zipfile.ZipFile(path)  # One for all threads: large ones take long to open.
    except ERRORS as error:
        raise UserError(f"Cannot read {path}: it is no zip archive ({error}).") from error
    members, hidden = _members(archive, path)
    root = PurePosixPath(path.name)
    inside = Files(root, members, {"hidden": hidden})
    labels = _labels(archive, members, inside)
    found = inside.take(videos.find_videos(inside, lambda file: _head(archive, members[file])))
    frames: Callable[..., Iterator[Any]]
    if found:
        frames = functools.partial(_decode, archive, members, options.fps)
    else:
        clips = collections.defaultdict(list)
        for file in inside.take(inside.with_suffix(images.SUFFIXES)):
            clips[file.parent].append(file)
        found = sorted(clips, key=natural_key)
        frames = functools.partial(_frames, archive, members, clips)
    sources = make_sources(found, root, options, frames, labels)
    files.replace(inside)
    return sources


def _members(archive, path):
    """{path below the archive's name: member}, without folders and hidden files; their number."""
    members, packed, unpacked, hidden = {}, 0, 0, 0
    for member in archive.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or re.match("[A-Za-z]:", str(name)):
            raise _refused(path, member, "its paths lead out of it")
        if len(name.parts) > MAX_DEPTH:
            raise _refused(path, member, f"its folders are more than {MAX_DEPTH} levels deep")
        if member.flag_bits & 1 or member.compress_type not in (0, zipfile.ZIP_DEFLATED):
            raise _refused(path, member, "it is packed by an uncommon method or with a password")
        if is_too_large(member.file_size, member.compress_size):
            raise _refused(path, member, f"it unpacks to more than {MAX_RATIO} times its size")
        packed += member.compress_size
        unpacked += member.file_size
        if member.is_dir():
            continue
        if any(part.startswith(".") for part in name.parts):
            hidden += 1
        else:
            members[path.name / name] = member
    if packed > path.stat().st_size:
        raise UserError(f"Cannot read {path}: its members claim more bytes than it has.")
    if is_too_large(unpacked, path.stat().st_size, MAX_ARCHIVE):
        raise UserError(f"Cannot read {path}: it unpacks to more than {MAX_RATIO} times its size.")
    return members, hidden


def _refused(path, member, reason):
    return UserError(f"Cannot read {path}: {reason} ({printable(member.filename[:100])}).")


def _labels(archive, members, inside):
    """The labels in the dataset.json nearest to the root."""
    files = inside.take(inside.named(NAME)[:1])
    return parse_labels(_read(archive, members[files[0]]), files[0]) if files else {}


def _head(archive, member):
    """An image to look into; an empty file where it cannot be read."""
    try:
        return io.BytesIO(_read(archive, member))
    except RejectedSource:
        return io.BytesIO()


def _frames(archive, members, clips, folder) -> Iterator[np.ndarray]:
    for file in clips[folder]:
        try:
            yield images.read_image(io.BytesIO(_read(archive, members[file])))
        except RejectedSource as error:
            raise RejectedSource(f"{file.name} {error}") from error


def _decode(archive, members, fps, file) -> Generator[Any, None, float | None]:
    with tempfile.TemporaryFile() as copy:
        for block in _blocks(archive, members[file]):
            copy.write(block)
        copy.flush()
        return (yield from videos.pictures(Path(f"/dev/fd/{copy.fileno()}"), fps, file.suffix))


def _read(archive, member):
    if member.file_size > MAX_IMAGE:
        raise RejectedSource(f"should have up to {MAX_IMAGE} bytes. Received: {member.file_size}")
    return b"".join(_blocks(archive, member))


def _blocks(archive, member):
    try:
        with archive.open(member) as file:
            while block := file.read(BLOCK):
                yield block
    except ERRORS as error:
        raise RejectedSource(f"should be whole in its archive. Received: {error}") from error
