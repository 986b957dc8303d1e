"""Readers: one short module for each layout in which users hold videos.

A reader has two functions of the `Files` at a path and the `ReaderOptions`: `matches` returns
whether they have its layout, and `list_sources` returns the sources, and takes their files. A new
reader needs a line in `READERS`.
"""

import dataclasses
import functools
from pathlib import Path

from dataset.readers.files import Files, count_kinds
from dataset.readers.source import Frames, ReaderOptions, RejectedSource, Source
from dataset.readers.split import select
from support.deferred import Deferred
from support.errors import UserError

# In the order in which source_format="auto" asks them.
READERS = {
    "grid": Deferred("dataset.readers.grid"),
    "zip": Deferred("dataset.readers.archives"),
    "ucf101": Deferred("dataset.readers.ucf101"),
    "videos": Deferred("dataset.readers.videos"),
    "trailerfaces": Deferred("dataset.readers.trailerfaces"),
    "hdf5": Deferred("dataset.readers.hdf5"),
    "npy": Deferred("dataset.readers.npy"),
    "strips": Deferred("dataset.readers.strips"),
    "frames": Deferred("dataset.readers.frames"),
    "synthetic": Deferred("dataset.readers.synthetic"),
    "moving_mnist": Deferred("dataset.readers.moving_mnist"),
}
_DRAWN = {"synthetic": None, "moving_mnist": "font"}  # {layout: the path that names no files}
HAVE_TIMES = {"grid", "zip", "ucf101", "videos"}  # of frames, for `fps`
MAX_ASPECT = 32  # of a frame, long side over short side


@dataclasses.dataclass(frozen=True)
class Listing:
    """The sources at a path, and how they were found."""

    layout: str  # a key of READERS
    sources: list[Source]
    left_out: dict[str, int]  # {suffix or kind: number} of files that are in no source

    def __str__(self):
        """Such as "Layout: videos, 12 sources. Left out: 3 .txt, 1 hidden."."""
        text = f"Layout: {self.layout}, {len(self.sources)} source{'s' * (len(self.sources) != 1)}."
        return f"{text} Left out: {count_kinds(self.left_out)}." if self.left_out else text


def find_sources(path: Path, source_format: str, options: ReaderOptions) -> Listing:
    """The sources at `path`, in the layout named, or in the one that matches with "auto".

    Raises:
        UserError: nothing there, or nothing in such a layout.
    """
    is_drawn = source_format in _DRAWN and _DRAWN[source_format] in (None, str(path))
    if not is_drawn and not path.exists():
        raise UserError(f"`source` should be a file or a folder. Received: {path} (not there)")
    files = Files(path or Path(), []) if is_drawn else Files.below(path)
    if source_format == "auto":
        fitting = (name for name, reader in READERS.items() if reader.matches(files, options))
        source_format = next(fitting, "auto")
    reader = READERS.get(source_format)
    sources = reader.list_sources(files, options) if reader else []
    if not sources:
        there = count_kinds(files.left_out())
        raise UserError(
            f"`source` should hold videos or images{f' ({source_format})' if reader else ''}. "
            f"Received: {path} (none found{f' among {there}' if there else ''})"
        )
    if options.fps and source_format not in HAVE_TIMES:
        raise UserError(f"`fps` should be given for videos. Received: {path} ({source_format})")
    left_out = files.left_out()
    if options.split:
        chosen = select(sources, options.split)
        names = {source.name for source in chosen}
        if others := sum(source.name not in names for source in sources):
            left_out["not named by `split`"] = others
        sources = chosen
    checked = [
        dataclasses.replace(source, frames=functools.partial(_check, source.frames))
        for source in sources
    ]
    return Listing(source_format, checked, left_out)


def list_sources(path: Path, source_format: str, options: ReaderOptions) -> list[Source]:
    """The sources of `find_sources`."""
    return find_sources(path, source_format, options).sources


def _check(frames):
    """Yields the frames unchanged; rejects extreme aspect ratios, which `fit` could not take."""
    stream = Frames(frames())
    for frame in stream:
        short, long = sorted(frame.shape[:2])
        if long > MAX_ASPECT * short:
            raise RejectedSource(
                f"should have frames up to {MAX_ASPECT} times as long as wide. "
                f"Received: {frame.shape[1]}x{frame.shape[0]}"
            )
        yield frame
    return stream.rate
