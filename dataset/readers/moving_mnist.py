"""Two digits that bounce off the walls of a picture: the training clips of Moving MNIST.

As Srivastava et al. 2015 made them: digits of 28x28 in frames of 64x64 move in a random direction
by a tenth of their way from wall to wall per frame, and turn at the walls; where they meet, the
brighter one is seen. Clip i depends on the seed and i alone. The published test clips are an array,
which the reader `npy` takes.
"""

import functools
import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dataset.readers import npz
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, Source
from dataset.readers.unpack import ERRORS
from support.errors import UserError

FONT = "font"  # as the path: digits of a font in place of MNIST's
_NAMES = ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "mnist.npz")
_SIZE, _DIGIT, _STEP = 64, 28, 0.1  # of a frame and a digit in pixels; way per frame
_MAGIC = 2051  # of idx files of pictures
_MAX_DIGITS = 70_000
_VARIANTS = 64  # of each digit of the font


def matches(files: Files, options: ReaderOptions) -> bool:
    """Never: the pictures of digits are no clips, so it has to be named."""
    return False


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """`options.num_clips` clips of 64x64, of the digits in an idx or npz file, or of a font."""
    if files.root == Path(FONT):
        digits = font_digits()
    elif found := _find(files):
        digits = read_digits(found)
    else:
        return []
    sources = []
    for index in range(options.num_clips):
        clip = functools.partial(draw, digits, options.num_frames, [options.seed, index])
        sources.append(Source(f"digits#{index}", clip))
    return sources


def draw(digits: np.ndarray, num_frames: int, seed: int | list[int]) -> Iterator[np.ndarray]:
    """Draws two of `digits` [N, 28, 28] uint8: `num_frames` frames, uint8 [64, 64, 3]."""
    random = np.random.default_rng(seed)
    chosen = digits[random.integers(len(digits), size=2)]
    paths = np.stack([_path(num_frames, random) for _ in chosen], 1)  # [T2(x, y)]
    for places in np.rint(paths * (_SIZE - _DIGIT)).astype(int):
        frame = np.zeros((_SIZE, _SIZE), np.uint8)
        for digit, (x, y) in zip(chosen, places, strict=True):
            part = frame[y : y + _DIGIT, x : x + _DIGIT]
            np.maximum(part, digit, out=part)
        yield np.repeat(frame[..., None], 3, -1)


def _path(num_frames, random):
    """Places [T, (x, y)] in [0, 1]; a digit that would pass a wall stops there, and turns."""
    place, angle = random.random(2), random.uniform(0, 2 * np.pi)
    step = _STEP * np.array([np.cos(angle), np.sin(angle)])
    path = np.empty((num_frames, 2))
    for moment in path:
        place = place + step
        step = np.where((place <= 0) | (place >= 1), -step, step)
        place = np.clip(place, 0, 1)
        moment[:] = place
    return path


def read_digits(path: Path) -> np.ndarray:
    """The pictures uint8 [N, 28, 28] of an idx file, also compressed by gzip, or of a npz file.

    Raises:
        UserError: the file holds none.
    """
    try:
        if path.suffix == ".npz":
            if npz.list_shapes(path).get("x_train", ())[1:] != (_DIGIT, _DIGIT):
                raise ValueError("it has no x_train of 28x28")
            return npz.open_array(path, "x_train")
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as opened:
            magic, count, *size = struct.unpack(">4I", opened.read(16))
            if magic != _MAGIC or size != [_DIGIT, _DIGIT] or not 0 < count <= _MAX_DIGITS:
                raise ValueError("it is no idx file of pictures of 28x28")
            data = np.frombuffer(opened.read(count * _DIGIT**2), np.uint8)
        return data.reshape(count, _DIGIT, _DIGIT)
    except (*ERRORS, UserError) as error:
        raise UserError(
            f"Cannot read digits of {path}: {error}. Use MNIST's train-images-idx3-ubyte or "
            f"mnist.npz, or `source={FONT}`."
        ) from error


def font_digits() -> np.ndarray:
    """The ten digits of Pillow's font in several sizes and slants, uint8 [N, 28, 28]."""
    random = np.random.default_rng(0)
    return np.stack([_glyph(str(d), random) for d in range(10) for _ in range(_VARIANTS)])


def _glyph(text, random):
    picture = Image.new("L", (_DIGIT, _DIGIT))
    font = ImageFont.load_default(int(random.integers(20, 27)))
    middle = (_DIGIT / 2, _DIGIT / 2)
    stroke = int(random.integers(2))
    ImageDraw.Draw(picture).text(middle, text, 255, font, anchor="mm", stroke_width=stroke)
    return np.asarray(picture.rotate(random.uniform(-15, 15), Image.Resampling.BILINEAR))


def _find(files):
    """The file of digits at a path; None where there is none."""
    found = [path for name in _NAMES for path in files.named(name)]
    found = [files.root] if files.root.is_file() else found
    return files.take(found[:1])[0] if found else None
