"""Frames become the clips of every rung: fitted once, then averaged from rung to rung."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from growth.ladder import Ladder
from support.deferred import cv2

# What is kept of the height and of the width: 0 the top and the left, 1 the bottom and the right.
CROPS = {
    "centre": (0.5, 0.5),
    "top": (0, 0.5),
    "bottom": (1, 0.5),
    "left": (0.5, 0),
    "right": (0.5, 1),
}
# "auto" is area to shrink, bicubic to enlarge.
RESIZE_FILTERS = ("auto", "nearest", "bilinear", "bicubic", "area", "lanczos")
_OPENCV = {
    "nearest": "INTER_NEAREST_EXACT",
    "bilinear": "INTER_LINEAR",
    "bicubic": "INTER_CUBIC",
    "area": "INTER_AREA",
    "lanczos": "INTER_LANCZOS4",
}
# OpenCV's filters of these names skip pixels when they shrink; Pillow's widen, and do not alias.
_PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
ORDERS = ("resize_then_crop", "crop_then_resize")


@dataclasses.dataclass(frozen=True)
class Framing:
    """How a frame is brought to the size of the full clip."""

    crop: str = "centre"  # the part that is kept where there is too much: a key of CROPS
    resize_filter: str = "auto"  # one of RESIZE_FILTERS
    order: str = "resize_then_crop"  # or crop_then_resize


CENTRE = Framing()


def fit(frame: np.ndarray, height: int, width: int, framing: Framing = CENTRE) -> np.ndarray:
    """Resizes a frame [H, W, 3] to `height` x `width`, and cuts off the excess of one side."""
    if framing.order == "crop_then_resize":
        scale = min(frame.shape[0] / height, frame.shape[1] / width)
        frame = _crop(frame, max(round(height * scale), 1), max(round(width * scale), 1), framing)
        return _resize(frame, height, width, framing)
    scale = max(height / frame.shape[0], width / frame.shape[1])
    rows, columns = (
        max(round(n * scale), m) for n, m in zip(frame.shape, (height, width), strict=False)
    )
    return _crop(_resize(frame, rows, columns, framing), height, width, framing)


def _resize(frame, height, width, framing):
    if frame.shape[:2] == (height, width):
        return frame
    name = framing.resize_filter
    if name == "auto":
        name = "area" if height < frame.shape[0] else "bicubic"
    elif name in _PILLOW and (height < frame.shape[0] or width < frame.shape[1]):
        return np.asarray(Image.fromarray(frame).resize((width, height), _PILLOW[name]))
    return cv2.resize(frame, (width, height), interpolation=getattr(cv2, _OPENCV[name]))


def _crop(frame, height, width, framing):
    y, x = CROPS[framing.crop]
    top, left = int((frame.shape[0] - height) * y), int((frame.shape[1] - width) * x)
    return frame[top : top + height, left : left + width]


class Pooled:
    """A frame at the height and width of every rung: box averages of the finer one, coarsest first.

    Attributes:
        rungs: [H, W, C], uint8 for the full clip and float32 below.
    """

    def __init__(self, frame: np.ndarray, ladder: Ladder):
        self.rungs = [frame]
        for level in range(ladder.top, 0, -1):
            self.rungs.insert(0, _shrink(self.rungs[0], *ladder.factors(level)[1:]))

    @property
    def nbytes(self) -> int:
        """Bytes of the frame at all rungs."""
        return sum(rung.nbytes for rung in self.rungs)


def pool_time(frames: Sequence[Pooled], ladder: Ladder) -> Iterator[np.ndarray]:
    """Yields the clip [T, H, W, C] of these frames at every rung, coarsest first."""
    for level, rung in enumerate(ladder):
        yield _average([frame.rungs[level] for frame in frames], len(frames) // rung.frames)


def pyramid(clip: np.ndarray, ladder: Ladder) -> list[np.ndarray]:
    """The clip [T, H, W, C] at every rung, coarsest first: box averages (float32) of the finer."""
    return list(pool_time([Pooled(frame, ladder) for frame in clip], ladder))


def pool(clip: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Box average of a clip [T, H, W, C] over blocks of `factors` (time, height, width), float32.

    Of uint8 it is exact, as every sum fits into the 24 bits of a float32.
    """
    means = _average([_shrink(frame, *factors[1:]) for frame in clip], factors[0])
    return means.astype(np.float32, copy=False)


def _shrink(frame, height, width):
    if height == width == 1:
        return frame
    rows, columns = frame.shape[0] // height, frame.shape[1] // width
    means = cv2.resize(frame.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return means.reshape(rows, columns, -1)  # OpenCV drops a single channel.


def _average(frames, count):
    """Means over blocks of `count` frames."""
    if count == 1:
        return np.stack(frames)
    means = np.empty((len(frames) // count, *frames[0].shape), np.float32)
    for i, mean in enumerate(means):
        np.copyto(mean, frames[i * count])
        for frame in frames[i * count + 1 : (i + 1) * count]:
            mean += frame
        mean /= count
    return means


def quantise(clip: np.ndarray) -> np.ndarray:
    """Rounds a clip in [0, 255] to uint8."""
    return clip if clip.dtype == np.uint8 else np.rint(clip).astype(np.uint8)
