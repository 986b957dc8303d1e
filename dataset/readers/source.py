"""The result of every reader: sources, each a stream of frames with a name and perhaps a label."""

import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from dataset.readers.labels import find_label
from support.errors import UserError
from support.text import printable

MAX_PIXELS = 2**26  # of a picture, and of a strip: 8192 x 8192


class RejectedSource(UserError):
    """A source cannot be used, and why, in one line; the others still can."""

    def __init__(self, reason: str):
        super().__init__(printable(" ".join(reason.split())))


@dataclasses.dataclass(frozen=True)
class Source:
    """One stretch of video.

    `frames()` decodes all frames in order. Each is uint8 [H, W, 3], or an object with that `shape`
    and with `nbytes` that `np.asarray` converts to it. A generator may return their rate (see
    `Frames`). It raises `RejectedSource` where the file is damaged.
    """

    name: str  # stable: the path below the folder of sources, such as "b/video.mp4" or "a.avi#3"
    frames: Callable[[], Iterator[Any]]
    label: str | None = None
    video: str = ""  # sources of one video share it, so that a split can; by default the name

    def __post_init__(self):
        object.__setattr__(self, "video", self.video or self.name)


class Frames:
    """Iterates over the frames of a source, and knows their rate at the end.

    Attributes:
        rate: frames per second that the generator `frames` returned; None where it is unknown.
    """

    def __init__(self, frames: Iterable[Any]):
        self._frames, self.rate = frames, None

    def __iter__(self) -> Generator[Any, None, None]:
        frames: Any = self._frames  # Types take an iterable that is no generator to return nothing.
        self.rate = yield from frames


@dataclasses.dataclass(frozen=True)
class ReaderOptions:
    """How to read the sources."""

    labels: str = "own"  # the labels that the layout states; "folders": the folder of a source
    split: Path | None = None  # a list of the sources to take
    fps: float | None = None  # frames per second; by default each frame of a video is taken once
    tile: int | None = None  # height and width of a tile of a grid
    num_clips: int = 2048  # of clips that are drawn, as are the next three
    num_frames: int = 32
    resolution: int = 256
    seed: int = 0


def name_and_label(
    item: PurePath, root: PurePath, options: ReaderOptions
) -> tuple[str, str | None]:
    """Name and label of the file or folder `item`, found at or below `root`.

    Raises:
        UserError: labels are folders, but the item is in `root` itself.
    """
    path = item.relative_to(root) if item != root else PurePath(item.name)
    name, folder = (printable(p.as_posix()) for p in (path, path.parent))
    if options.labels != "folders":
        return name, None
    if path.parent == PurePath():
        raise UserError(
            f"`labels=folders` should find every source in a folder below {root}. Received: {item}"
        )
    return name, folder


def make_sources(
    items: Iterable[Path],
    root: PurePath,
    options: ReaderOptions,
    frames: Callable[[Path], Iterator[Any]],
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
    """A source that is rejected when it is read, for a reason that is known already."""

    def frames():
        raise RejectedSource(reason)
        yield

    return Source(name, frames, label)


def check_size(width: float, height: float):
    """Raises `RejectedSource` where a picture is too large to be taken into memory."""
    if not 0 < width * height <= MAX_PIXELS:
        raise RejectedSource(
            f"should have up to {MAX_PIXELS} pixels per picture. Received: {width}x{height}"
        )
