"""What every reader gives: sources, each a stream of frames with a name and perhaps a label."""

import dataclasses
import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

import numpy as np

from dataset.readers.labels import find_label
from support.errors import UserError

MAX_PIXELS = 2**26  # of a picture, and of a strip: 8192 x 8192


class RejectedSource(UserError):
    """A source cannot be used, and why, in one line; the others still can."""

    def __init__(self, reason: str):
        super().__init__(" ".join(reason.split()))


@dataclasses.dataclass(frozen=True)
class Source:
    """One stretch of video.

    `frames()` decodes from the first frame on, in order, as uint8 [H, W, 3] or as something with
    that `shape`, and with `nbytes`, of which `np.asarray` makes it; and raises `RejectedSource`
    where the file is damaged.
    """

    name: str  # stable: the path below the folder of sources, such as "b/video.mp4" or "a.avi#3"
    frames: Callable[[], Iterator[np.ndarray]]
    label: str | None = None
    video: str = ""  # sources of one video share it, so that a split can; by default the name

    def __post_init__(self):
        object.__setattr__(self, "video", self.video or self.name)


@dataclasses.dataclass(frozen=True)
class ReaderOptions:
    """What the user says of the sources besides where they are."""

    labels: str = "own"  # those that the layout states; "folders": where a source lies
    split: Path | None = None  # a list of the sources to take
    fps: float | None = None  # frames a second; by default each frame of a video is taken once
    tile: int | None = None  # height and width of a tile of a grid
    num_clips: int = 2048  # of the synthetic shapes, as are the next three
    num_frames: int = 32
    resolution: int = 256
    seed: int = 0


def walk_files(path: Path, suffixes: set[str]) -> Iterator[Path]:
    """Yields the files at or below `path` with one of these suffixes; no hidden ones."""
    if path.is_file():
        yield from [path] if path.suffix.lower() in suffixes else []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in suffixes and not name.startswith("."):
                file = Path(folder, name)
                if file.is_file():
                    yield file


def list_files(path: Path, suffixes: set[str]) -> list[Path]:
    """All of them, 2 before 10."""
    return sorted(walk_files(path, suffixes), key=natural_key)


def first_file(path: Path, suffixes: set[str]) -> Path | None:
    """One of them, found without listing all; None where there are none."""
    return next(walk_files(path, suffixes), None)


def natural_key(path: PurePath | str) -> tuple:
    """A key that sorts frame2 before frame10, and Hammering before HammerThrow."""
    parts = PurePath(path).parts
    folded = [
        [int(piece) if i % 2 else piece for i, piece in enumerate(re.split(r"(\d+)", part))]
        for part in map(str.casefold, parts)
    ]
    return folded, parts


def name_and_label(
    item: PurePath, root: PurePath, options: ReaderOptions
) -> tuple[str, str | None]:
    """Name and label of the file or folder `item`, found at or below `root`.

    Raises:
        UserError: labels are folders, but the item lies in `root` itself.
    """
    path = item.relative_to(root) if item != root else PurePath(item.name)
    name, folder = (_printable(p.as_posix()) for p in (path, path.parent))
    if options.labels != "folders":
        return name, None
    if path.parent == PurePath():
        raise UserError(
            f"--labels=folders should find every source in a folder below {root}. Received: {item}"
        )
    return name, folder


def make_sources(
    items: Iterable[PurePath],
    root: PurePath,
    options: ReaderOptions,
    frames: Callable[[PurePath], Iterator[np.ndarray]],
    stated: dict[str, str],
) -> list[Source]:
    """A source for each file or folder of `items`, whose frames are `frames(item)`.

    `stated` has the labels of `dataset.json`; labels that are folders come before them.
    """
    named = [(item, *name_and_label(item, root, options)) for item in items]
    return [
        Source(name, functools.partial(frames, item), label or find_label(stated, name))
        for item, name, label in named
    ]


def broken(name: str, reason: str, label: str | None = None) -> Source:
    """A source that is rejected when it is read, for what is known to be wrong already."""

    def frames():
        raise RejectedSource(reason)
        yield

    return Source(name, frames, label)


def check_size(width: float, height: float):
    """Raises `RejectedSource` where a picture is too large to be taken into memory."""
    if not 0 < width * height <= MAX_PIXELS:
        raise RejectedSource(
            f"should have up to {MAX_PIXELS} pixels a picture. Received: {width}x{height}"
        )


def _printable(name):
    """File names are bytes; those that are no UTF-8 are written with backslashes."""
    return name.encode(errors="backslashreplace").decode()
