"""Image files that hold several frames: animated WebP, PNG and AVIF, and TIFFs of many pages."""

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dataset.readers.images import ERRORS, holds_frames, open_image, to_rgb
from dataset.readers.images import SUFFIXES as IMAGES
from dataset.readers.source import RejectedSource

SUFFIXES = IMAGES | {".apng"}


def is_animated(file: Path | BinaryIO) -> bool:
    """Whether an image file holds several frames; a damaged file does not."""
    try:
        with open_image(file) as image:
            return holds_frames(image)
    except (RejectedSource, *ERRORS):
        return False


def timed_frames(file: Path | BinaryIO) -> Generator[tuple[np.ndarray, float | None, float]]:
    """Yields each frame uint8 [H, W, 3], when it begins and how long it lasts, in seconds.

    The pages of a TIFF have no times: None and 0.

    Raises:
        RejectedSource: the file is no image, or damaged.
    """
    begin = 0.0
    try:
        with open_image(file) as image:
            # A picture for viewers that show no animation is not part of it.
            first = 1 if image.info.get("default_image") else 0
            for number in range(first, getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
                duration = float(image.info.get("duration") or 0) / 1000
                yield to_rgb(image), None if image.format == "TIFF" else begin, duration
                begin += duration
    except RejectedSource:
        raise
    except ERRORS as error:
        raise RejectedSource(f"should be a whole animation. Received: {error}") from error
