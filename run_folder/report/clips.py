"""The clips of a report: smaller copies of those of runs, in a folder next to the page."""

import re
import zlib
from pathlib import Path

from support.media import shrink_picture, shrink_video

_VIDEO_SIDE, _PICTURE_SIDE = 512, 1024  # pixels: maximum height and width on the page
_MAX_MOMENTS, _MIN_MOMENTS = 24, 4  # of training, of all runs together and of each
_COPY = re.compile(r"[0-9a-f]{8}-.+\.(mp4|webp)")


class Clips:
    """The copies that a page uses.

    Attributes:
        max_moments: the maximum number of moments of training that are shown of a run.

    Args:
        folder: where they are stored; copies that are newer than their source stay as they are.
        runs: number of runs on the page, which is to stay small.
    """

    def __init__(self, folder: Path, runs: int = 1):
        self.folder = folder
        self.max_moments = max(_MAX_MOMENTS // runs, _MIN_MOMENTS)
        self._used: set[str] = set()

    def add(self, source: Path) -> str:
        """Copies a video or a picture, and returns its address as seen from the page."""
        is_video = source.suffix == ".mp4"
        folder = zlib.crc32(str(source.parent.resolve()).encode())  # Runs have files of one name.
        copy = self.folder / f"{folder:08x}-{source.stem}.{'mp4' if is_video else 'webp'}"
        if not copy.exists() or copy.stat().st_mtime_ns < source.stat().st_mtime_ns:
            if is_video:
                shrink_video(source, copy, _VIDEO_SIDE)
            else:
                shrink_picture(source, copy, _PICTURE_SIDE)
        self._used.add(copy.name)
        return f"{self.folder.name}/{copy.name}"

    def tidy(self):
        """Deletes the copies that the page no longer uses."""
        for path in self.folder.glob("*"):
            if _COPY.fullmatch(path.name) and path.name not in self._used:
                path.unlink()
