"""Image files, as a viewer shows them."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, features

from dataset.readers.source import RejectedSource, check_size

SUFFIXES = {".bmp", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm"}
SUFFIXES |= {".avif", ".tif", ".tiff", ".webp"}
# By Pillow's names. No others are opened under any name: PostScript would be run.
FORMATS = ["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]
FORMATS += ["AVIF"] if features.check("avif") else []
ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError),
    *(OverflowError, struct.error, zlib.error),
)
Image.MAX_IMAGE_PIXELS = None  # `check_size` comes first, allows less and does not only warn.


def open_image(file: Path | BinaryIO) -> Image.Image:
    """Opens an image in one of `FORMATS`; its content decides, not its name.

    Raises:
        RejectedSource: the image is too large; one of `ERRORS` where it is none.
    """
    image = Image.open(file, formats=FORMATS)
    check_size(*image.size)
    return image


def read_image(file: Path | BinaryIO) -> np.ndarray:
    """An image as uint8 [H, W, 3], turned as its EXIF says, over black where it is transparent.

    Raises:
        RejectedSource: the file is no image, damaged or too large, or holds several frames.
    """
    try:
        with open_image(file) as image:
            if holds_frames(image):
                frames = getattr(image, "n_frames", 1)
                raise RejectedSource(
                    f"should be one picture. Received: a {image.format} of {frames} frames"
                )
            return to_rgb(ImageOps.exif_transpose(image))
    except RejectedSource:
        raise
    except ERRORS as error:
        raise RejectedSource(f"should be a whole image. Received: {error}") from error


def holds_frames(image: Image.Image) -> bool:
    """Whether an image is a moving picture, and not one with thumbnails or views of one scene."""
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return False
    if image.format != "TIFF":
        return True
    size = image.size
    image.seek(1)
    is_alike = image.size == size
    image.seek(0)
    return is_alike


def over_black(rgba: np.ndarray) -> np.ndarray:
    """Pixels uint8 [..., 4] as [..., 3]: the colours times their opacity."""
    rgb, alpha = rgba[..., :3], rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(rgb)
    return ((rgb * alpha.astype(np.uint16) + 127) // 255).astype(np.uint8)


def to_rgb(image: Image.Image) -> np.ndarray:
    """The pixels of an image as uint8 [H, W, 3]; raises `RejectedSource` for other bit depths."""
    if image.mode in ("F", "I"):
        raise RejectedSource(f"should have 8 or 16 bits per channel. Received: mode {image.mode}")
    if image.mode.startswith("I;16"):  # Pillow would cut off at 255.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return over_black(np.asarray(image.convert("RGBA")))
