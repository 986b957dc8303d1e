"""Readers: one short module for each layout in which users hold videos.

A reader has two functions, both given the path and a `ReaderOptions`: `matches` tells whether the
path has its layout, and `list_sources` gives its sources. A new one needs a line in `READERS`.
"""

import dataclasses
import functools
from pathlib import Path

from dataset.readers import (
    archives,
    frames,
    grid,
    hdf5,
    npy,
    strips,
    synthetic,
    trailerfaces,
    ucf101,
    videos,
)
from dataset.readers.source import ReaderOptions, RejectedSource, Source
from dataset.readers.split import select
from support.errors import UserError

# In the order in which --source_format=auto asks them.
READERS = {
    "grid": grid,
    "zip": archives,
    "ucf101": ucf101,
    "videos": videos,
    "trailerfaces": trailerfaces,
    "hdf5": hdf5,
    "npy": npy,
    "strips": strips,
    "frames": frames,
    "synthetic": synthetic,
}
HAVE_TIMES = {"grid", "zip", "ucf101", "videos"}  # of frames, for --fps
MAX_ASPECT = 32  # of a frame, long side over short side


def list_sources(path: Path, source_format: str, options: ReaderOptions) -> list[Source]:
    """The sources at `path`, in the layout named, or found out with "auto".

    Raises:
        UserError: nothing there, or nothing in such a layout.
    """
    if source_format != "synthetic" and not path.exists():
        raise UserError(f"--source should be a file or a folder. Received: {path} (not there)")
    if source_format == "auto":
        fitting = (name for name, reader in READERS.items() if reader.matches(path, options))
        source_format = next(fitting, "auto")
    reader = READERS.get(source_format)
    sources = reader.list_sources(path, options) if reader else []
    if not sources:
        raise UserError(
            f"--source should hold {source_format if reader else 'videos or images'}. "
            f"Received: {path} (none found)"
        )
    if options.fps and source_format not in HAVE_TIMES:
        raise UserError(f"--fps should go with videos. Received: {path} ({source_format})")
    if options.split:
        sources = select(sources, options.split)
    return [
        dataclasses.replace(source, frames=functools.partial(_check, source.frames))
        for source in sources
    ]


def _check(frames):
    """The same frames; none that `fit` could not take."""
    for frame in frames():
        short, long = sorted(frame.shape[:2])
        if long > MAX_ASPECT * short:
            raise RejectedSource(
                f"should have frames up to {MAX_ASPECT} times as long as wide. "
                f"Received: {frame.shape[1]}x{frame.shape[0]}"
            )
        yield frame
