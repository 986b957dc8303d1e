"""Clips that a network should perhaps not learn from: of one colour, still, or across a cut."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np

from dataset.records import Records
from growth.ladder import Rung

KINDS = ("black", "white", "of one colour", "still", "across a cut")
_SIDE = 32  # pixels of the frames that are compared, so that small motion counts little
_BLACK, _WHITE, _NOISE = 24, 231, 8  # grey levels; compression leaves some noise
_STILL = 0.2  # mean change from frame to frame in grey levels
# At a cut the change is larger than this, and so many times that of other frames.
_CUT, _TIMES = 15, 4


def oddity(clip: np.ndarray) -> str | None:
    """One of `KINDS` that describes a clip uint8 [T, H, W, 3], or None.

    A cut is a change from one frame to the next that stands out among the others; films with
    flashes have such changes too, and dissolves have none.
    """
    darkest, brightest = int(clip.min()), int(clip.max())
    if brightest <= _BLACK:
        return "black"
    if darkest >= _WHITE:
        return "white"
    if np.ptp(clip, axis=(0, 1, 2)).max() <= _NOISE:
        return "of one colour"
    if len(clip) < 2:
        return None
    side = (min(_SIDE, clip.shape[2]), min(_SIDE, clip.shape[1]))
    frames = np.stack([cv2.resize(f, side, interpolation=cv2.INTER_AREA) for f in clip])
    changes = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean((1, 2, 3))
    if changes.max() < _STILL:
        return "still"
    *others, largest = np.sort(changes[changes >= _STILL])  # Without frames that are repeated.
    if largest > max(_CUT, _TIMES * (np.median(others or [0]) + 1)):
        return "across a cut"
    return None


def find_oddities(
    records: Records,
    rung: Rung,
    indices: Iterable[int],
    advance: Callable[[], None] = lambda: None,
) -> dict[str, list[int]]:
    """{kind: indices of the clips} among the clips `indices` at a rung.

    `advance` is called after each clip.
    """
    found = {kind: [] for kind in KINDS}
    for index in indices:
        if kind := oddity(records.clips(rung, [index])[0]):
            found[kind].append(int(index))
        advance()
    return {kind: clips for kind, clips in found.items() if clips}
