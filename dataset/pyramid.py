"""Frames become the clips of every rung: fitted once, then averaged from rung to rung."""

import dataclasses

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


def pyramid(clip: np.ndarray, ladder: Ladder) -> list[np.ndarray]:
    """The clip [T, H, W, C] at every rung, coarsest first: box averages (float32) of the finer."""
    rungs = [clip]
    for level in range(ladder.top, 0, -1):
        rungs.insert(0, pool(rungs[0], ladder.factors(level)))
    return rungs


def pool(clip: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Box average of a clip [T, H, W, C] over blocks of `factors` (time, height, width), float32.

    Of uint8 it is exact, as every sum fits into the 24 bits of a float32.
    """
    t, h, w = factors
    frames, height, width, channels = clip.shape
    pooled = np.empty((frames // t, height // h, width // w, channels), np.float32)
    blocks = clip.reshape(-1, t, height, width, channels)  # [TtHWC] Split time.
    for frame, block in zip(pooled, blocks, strict=True):  # One block at a time fits the cache.
        mean = block.sum(axis=0, dtype=np.float32) / t
        cv2.resize(mean, (width // w, height // h), dst=frame, interpolation=cv2.INTER_AREA)
    return pooled


def quantise(clip: np.ndarray) -> np.ndarray:
    """Rounds a clip in [0, 255] to uint8."""
    return clip if clip.dtype == np.uint8 else np.rint(clip).astype(np.uint8)
