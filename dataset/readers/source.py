"""What every reader gives: sources, each a stream of frames with a name and perhaps a label."""

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from support.errors import UserError

IMAGE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


class RejectedSource(UserError):
    """A source cannot be used, and why; the others still can."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One stretch of video.

    `frames()` decodes from the first frame on, in order, as uint8 [H, W, 3], and raises
    `RejectedSource` where the file is damaged.
    """

    name: str  # stable: the path below the folder of sources, such as "b/video.mp4" or "a.avi#3"
    frames: Callable[[], Iterator[np.ndarray]]
    label: str | None = None


@dataclasses.dataclass(frozen=True)
class ReaderOptions:
    """What the user says of the sources besides where they are."""

    labels: str = "none"  # "folders": the folder that a source lies in is its label
    tile: int | None = None  # height and width of a tile of a grid
    num_clips: int = 2048  # of the synthetic shapes, as are the next three
    num_frames: int = 32
    resolution: int = 256
    seed: int = 0


def list_files(path: Path, suffixes: set[str]) -> list[Path]:
    """The files at or below `path` with one of these suffixes, 2 before 10; no hidden ones."""
    if path.is_file():
        return [path] if path.suffix.lower() in suffixes else []
    files = [
        file
        for file in path.rglob("*")
        if file.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and file.is_file()
    ]
    return sorted(files, key=natural_key)


def natural_key(path: Path) -> list:
    """A key that sorts frame2 before frame10."""
    return [
        [int(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", name))]
        for name in path.parts
    ]


def name_and_label(item: Path, root: Path, options: ReaderOptions) -> tuple[str, str | None]:
    """Name and label of the file or folder `item`, found at or below `root`.

    Raises:
        UserError: labels are folders, but the item lies in `root` itself.
    """
    name = item.relative_to(root) if item != root else Path(item.name)
    if options.labels != "folders":
        return name.as_posix(), None
    if name.parent == Path():
        raise UserError(
            f"--labels=folders should find every source in a folder below {root}. Received: {item}"
        )
    return name.as_posix(), name.parent.as_posix()


def make_sources(
    items: Iterable[Path],
    root: Path,
    options: ReaderOptions,
    frames: Callable[[Path], Iterator[np.ndarray]],
) -> list[Source]:
    """A source for each file or folder of `items`, whose frames are `frames(item)`."""
    named = [(item, *name_and_label(item, root, options)) for item in items]
    return [Source(name, functools.partial(frames, item), label) for item, name, label in named]


def read_image(path: Path) -> np.ndarray:
    """An image as uint8 [H, W, 3], over black where it is transparent; its content tells the type.

    Raises:
        RejectedSource: the file is no image, or a damaged one.
    """
    try:
        with Image.open(path) as image:
            picture = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RejectedSource(f"should be a whole image. Received: {error}") from error
    black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    return np.asarray(Image.alpha_composite(black, picture).convert("RGB"))
