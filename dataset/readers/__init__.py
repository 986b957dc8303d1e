"""Readers: one short module for each layout in which users hold videos.

A reader has two functions, both given the path and a `ReaderOptions`: `matches` tells whether the
path has its layout, and `list_sources` gives its sources. A new one needs a line in `READERS`.
"""

from pathlib import Path

from dataset.readers import frames, grid, strips, synthetic, videos
from dataset.readers.source import ReaderOptions, Source
from support.errors import UserError

# In the order in which --source_format=auto asks them.
READERS = {
    "grid": grid,
    "videos": videos,
    "strips": strips,
    "frames": frames,
    "synthetic": synthetic,
}


def list_sources(path: Path, source_format: str, options: ReaderOptions) -> list[Source]:
    """The sources at `path`, in the layout named, or found out with "auto".

    Raises:
        UserError: nothing there, or nothing in such a layout.
    """
    reader = READERS.get(source_format)
    if reader is not synthetic and not path.exists():
        raise UserError(f"--source should be a file or a folder. Received: {path} (not there)")
    if source_format == "auto":
        reader = next((r for r in READERS.values() if r.matches(path, options)), None)
    sources = reader.list_sources(path, options) if reader else []
    if not sources:
        raise UserError(
            f"--source should hold {source_format if reader else 'videos or images'}. "
            f"Received: {path} (none found)"
        )
    return sources
