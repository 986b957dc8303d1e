"""From frames to the clips of every rung: cut to size once, then average from rung to rung."""

import cv2
import numpy as np

from growth.ladder import Ladder


def fit(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes a frame [H, W, 3] until it just covers `height` x `width`; cuts out the centre."""
    scale = max(height / frame.shape[0], width / frame.shape[1])
    size = [max(round(n * scale), m) for n, m in zip(frame.shape, (height, width), strict=False)]
    if tuple(size) != frame.shape[:2]:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        frame = cv2.resize(frame, size[::-1], interpolation=way)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return frame[top : top + height, left : left + width]


def pyramid(clip: np.ndarray, ladder: Ladder) -> list[np.ndarray]:
    """The clip [T, H, W, C] at every rung, coarsest first: box averages (float32) of the finer."""
    rungs = [clip]
    for level in range(ladder.top, 0, -1):
        rungs.insert(0, pool(rungs[0], ladder.factors(level)))
    return rungs


def pool(clip: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Box average of a clip [T, H, W, C] over blocks of `factors` (time, height, width), float32.

    It adds slices axis by axis, ten times as fast as a mean over the axes of blocks.
    """
    t, h, w = factors
    total = sum(clip[i::t].astype(np.float32, copy=False) for i in range(t))
    total = sum(total[:, i::h] for i in range(h))
    frames, height, width, channels = total.shape
    # [THW'(wC)] Neighbouring columns lie side by side: no slice has a stride in its last axis.
    total = total.reshape(frames, height, width // w, w * channels)
    total = sum(total[..., i * channels : (i + 1) * channels] for i in range(w))
    return total * np.float32(1 / (t * h * w))


def quantise(clip: np.ndarray) -> np.ndarray:
    """Rounds a clip in [0, 255] to uint8."""
    return clip if clip.dtype == np.uint8 else np.rint(clip).astype(np.uint8)
