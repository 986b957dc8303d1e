"""Bounds on what is unpacked from a zip archive that a stranger may have made."""

import struct
import zipfile
import zlib

from dataset.readers.source import RejectedSource

MAX_RATIO = 100
MAX_MEMBER = 2**26  # bytes up to which any ratio will do
ERRORS = (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error, struct.error)


def is_too_large(unpacked: int, packed: int, limit: int | None = None) -> bool:
    """Whether so many bytes would be unpacked of so few that something is wrong."""
    return unpacked > max(MAX_MEMBER if limit is None else limit, MAX_RATIO * packed)


def check_ratio(member: zipfile.ZipInfo):
    """Raises `RejectedSource` for a member that unpacks to much more than an array or a video."""
    if is_too_large(member.file_size, member.compress_size):
        raise RejectedSource(
            f"should unpack to no more than {MAX_RATIO} times its size. Received: "
            f"{member.filename[:100]}, {member.file_size} bytes of {member.compress_size}"
        )
