"""Image files, as a viewer shows them."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from dataset.readers.source import RejectedSource, check_size

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
Image.MAX_IMAGE_PIXELS = None  # `check_size` comes first, allows less and does not only warn.


def read_image(file: Path | BinaryIO) -> np.ndarray:
    """An image as uint8 [H, W, 3], turned as its EXIF says, over black where it is transparent.

    The content tells the type, not the name.

    Raises:
        RejectedSource: the file is no image, a damaged one or one that is too large.
    """
    try:
        with Image.open(file) as image:
            check_size(*image.size)
            return over_black(_to_rgba(ImageOps.exif_transpose(image)))
    except RejectedSource:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise RejectedSource(f"should be a whole image. Received: {error}") from error


def over_black(rgba: np.ndarray) -> np.ndarray:
    """Pixels uint8 [..., 4] as [..., 3]: the colours times their opacity."""
    rgb, alpha = rgba[..., :3], rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(rgb)
    return ((rgb * alpha.astype(np.uint16) + 127) // 255).astype(np.uint8)


def _to_rgba(image):
    if image.mode in ("F", "I"):
        raise RejectedSource(f"should have 8 or 16 bits a channel. Received: mode {image.mode}")
    if image.mode.startswith("I;16"):  # Pillow would cut off at 255.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return np.asarray(image.convert("RGBA"))
