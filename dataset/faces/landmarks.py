"""Landmarks from another program: 68 points per face (Sagonas et al. 2013), one file per film.

`DIR/<film without its suffix>.npy` holds numbers [frames, 68, 2], or [frames, faces, 68, 2] where
there are several faces: x and y in pixels of the film, NaN for a frame or a place without a face.
Film `a/b.mp4` has `DIR/a/b.npy`. The order of faces may change from frame to frame.
"""

from pathlib import Path, PurePosixPath

import numpy as np

from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Face
from dataset.readers.source import RejectedSource
from support.arrays import open_array
from support.errors import UserError

_EYES = slice(36, 42), slice(42, 48)
_NOSE_AND_MOUTH = [30, 48, 54]  # the nose's tip, the mouth's corners


def read(folder: Path, film: str) -> np.ndarray:
    """The landmarks of a film, [frames, faces, 68, 2], mapped into memory.

    Raises:
        RejectedSource: no such file, or one of another shape.
    """
    path = folder / PurePosixPath(film).with_suffix(".npy")
    try:
        landmarks = open_array(path)
    except UserError as error:
        raise RejectedSource(f"should have landmarks in {path}. Received: {error}") from error
    if landmarks.ndim == 3:
        landmarks = landmarks[:, None]
    if landmarks.ndim != 4 or landmarks.shape[2:] != (68, 2) or landmarks.dtype.kind not in "fiu":
        raise RejectedSource(
            f"should have landmarks [frames, faces, 68, 2] in {path}. "
            f"Received: {landmarks.dtype} {list(landmarks.shape)}"
        )
    return landmarks


def anchors(
    landmarks: np.ndarray, frames: range, faces: list[Face], enlarge: Similarity
) -> np.ndarray:
    """The five points of `align.COMMON` of a track [T, 5, 2], in pixels of the reduced picture.

    In each frame they are those of the face whose centre is nearest to the centre of the box and
    inside of it; NaN where there is none.
    """
    points = np.full((len(frames), 5, 2), np.nan)
    for i, (number, face) in enumerate(zip(frames, faces, strict=True)):
        known = enlarge.inverse()(landmarks[number])  # [F, 68, 2]
        away = np.abs(known.mean(1) - face.box.at((0.5, 0.5))).max(1)
        if np.isfinite(away).any() and np.nanmin(away) < face.box.side / 2:
            mine = known[np.nanargmin(away)]
            points[i] = [*(np.median(mine[eye], 0) for eye in _EYES), *mine[_NOSE_AND_MOUTH]]
    return points
