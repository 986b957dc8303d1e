"""Whether a GIF is whole: its blocks are read up to the trailer; any bytes may follow it."""

import os
from pathlib import Path
from typing import BinaryIO

_HEADER = 13  # bytes: signature, size, flags of the palette
_EXTENSION, _IMAGE, _TRAILER = b"\x21", b"\x2c", b"\x3b"


def is_whole(path: Path) -> bool:
    """Whether a GIF has its trailer."""
    with open(path, "rb") as file:
        header = file.read(_HEADER)
        if len(header) < _HEADER:
            return False
        file.seek(_palette_bytes(header[10]), os.SEEK_CUR)
        while kind := file.read(1):
            if kind == _TRAILER:
                return True
            if kind == _EXTENSION:
                file.seek(1, os.SEEK_CUR)
            elif kind == _IMAGE:
                place = file.read(9)
                if len(place) < 9:
                    return False
                file.seek(_palette_bytes(place[8]) + 1, os.SEEK_CUR)
            elif kind != b"\0":  # Some encoders write zeros between blocks.
                return False
            if kind != b"\0" and not _skip_blocks(file):
                return False
    return False


def _palette_bytes(flags):
    return 3 * 2 ** (flags % 8 + 1) if flags & 128 else 0


def _skip_blocks(file: BinaryIO):
    """Passes the data of an extension or an image; returns whether they end."""
    while length := file.read(1):
        if length == b"\0":
            return True
        file.seek(length[0], os.SEEK_CUR)
    return False
