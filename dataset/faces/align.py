"""Where a track's face is in each frame, and the frames aligned so that the face stays still.

The paper finds 68 points in every frame with the Deep Alignment Network, which is not available
here: such points are read from files where there are some. Otherwise the cascades' eyes give the
place and the tilt of a face, and its box the size. Either way the points of single frames are noisy
or missing; they are smoothed along the motion of the face, which is measured without this noise.
"""

import itertools

import cv2
import numpy as np

from dataset.faces.detect import EYES as EYES_IN_BOX
from dataset.faces.similarity import Similarity, as_complex, as_points, fit_similarity
from dataset.faces.tracks import Face

# The common frame, as shares of a clip's side: the two eyes, the tip of the nose, the corners of
# the mouth. As in the released data set, a clip is about as large as a cascade's box.
COMMON = np.array([[0.34, 0.4], [0.66, 0.4], [0.5, 0.583], [0.368, 0.77], [0.632, 0.77]])
_ASSUMED = 0.1  # trust in an eye that is assumed where eyes usually are in a box
_FOLLOWED = 0.1  # trust in a box that was not found
_MISSING = 1e-3  # trust in points that are interpolated
_ROUNDS = 6
_GRID = 32  # points per side of a clip that are checked for being outside


def by_eyes(faces: list[Face], size: int, reach: int) -> list[Similarity]:
    """The transform from a clip of `size` x `size` pixels to the face in each frame.

    The eyes give place and tilt, the box the size: the eyes come closer as a head turns.
    """
    boxes = [face.box for face in faces]
    eyes = np.stack([face.eyes for face in faces])
    assumed = np.stack([box.at(EYES_IN_BOX) for box in boxes])
    sides = np.stack([box.at([[0, 0.5], [1, 0.5]]) for box in boxes])
    seen = np.isfinite(eyes).all(2)  # [T, eye]
    points = np.concatenate([np.where(seen[..., None], eyes, assumed), sides], 1)
    trust = np.concatenate([np.where(seen, 1, _ASSUMED), np.ones_like(seen)], 1)
    trust[[not face.found for face in faces]] *= _FOLLOWED
    left, right, first, second = as_complex(steady(points, trust, faces, reach)).T
    tilt = (right - left) / np.abs(right - left)
    half = np.abs(second - first) * np.ptp(EYES_IN_BOX[:, 0]) / 2
    points = as_points((left + right)[:, None] / 2 + (half * tilt)[:, None] * (-1, 1))
    return [fit_similarity(COMMON[:2] * size, pair) for pair in points]


def by_landmarks(
    landmarks: np.ndarray, faces: list[Face], size: int, reach: int
) -> list[Similarity]:
    """As `by_eyes`, by the points [T, 5, 2] of `COMMON`, NaN in frames that have none."""
    seen = np.isfinite(landmarks).all(2)
    points = steady(landmarks, np.where(seen, 1.0, _MISSING), faces, reach)
    return [fit_similarity(COMMON * size, frame) for frame in points]


def steady(points: np.ndarray, trust: np.ndarray, faces: list[Face], reach: int) -> np.ndarray:
    """Smooths points [T, N, 2] with trust [T, N] relative to the moving face.

    Points that are NaN are interpolated first; each should be known in some frame.
    """
    steps = (face.motion for face in faces[1:])
    path = list(itertools.accumulate(steps, lambda path, step: step @ path, initial=Similarity()))
    first = [move.inverse()(frame) for move, frame in zip(path, points, strict=True)]
    still = np.stack(first).reshape(len(points), -1)  # [T(N2)] Where they were in frame 0.
    times = np.arange(len(still))
    for column in still.T:
        known = np.isfinite(column)
        column[~known] = np.interp(times[~known], times[known], column[known])
    smoothed = smooth(still, trust.repeat(2, axis=1), reach).reshape(points.shape)
    return np.stack([move(frame) for move, frame in zip(path, smoothed, strict=True)])


def smooth(values: np.ndarray, trust: np.ndarray, reach: int) -> np.ndarray:
    """Local straight lines through values [T, K] with trust [T, K] (LOESS, Cleveland 1979).

    Each value is that of a line fitted to the `reach` values before and after. Near values count
    more, and values far from the line count less from round to round.
    """
    offsets = np.arange(-reach, reach + 1)
    places = np.arange(len(values))[:, None] + offsets  # [TW]
    inside = (places >= 0) & (places < len(values))
    places = places.clip(0, len(values) - 1)
    near = inside * (1 - np.abs(offsets / (reach + 1)) ** 3) ** 3
    basis = np.stack([np.ones(len(offsets)), offsets / (reach + 1)], 1)  # [WD]
    fair = np.ones_like(values)
    for _ in range(_ROUNDS):
        weights = near[..., None] * (trust * fair)[places]  # [TWK]
        gram = np.einsum("wi,twk,wj->tkij", basis, weights, basis)
        gram += 1e-9 * gram[..., :1, :1] * np.eye(2)  # One frame alone has no slope.
        moments = np.einsum("wi,twk,twk->tki", basis, weights, values[places])
        smoothed = np.linalg.solve(gram, moments[..., None])[..., 0, 0]
        away = np.abs(values - smoothed)
        limit = 6 * np.median(away, axis=0) + 1e-3  # Pixels; a perfect line has no residuals.
        fair = np.maximum((1 - np.minimum(away / limit, 1) ** 2) ** 2, 1e-6)
    return smoothed


def share_outside(transform: Similarity, size: int, picture: tuple[int, int]) -> float:
    """The share of a clip's frame that is beyond a picture of this height and width."""
    places = (np.arange(_GRID) + 0.5) * size / _GRID - 0.5
    points = transform(np.stack(np.meshgrid(places, places), -1))
    inside = (points > -0.5) & (points < np.array(picture[::-1]) - 0.5)
    return 1 - float(inside.all(-1).mean())


def warp(frame: np.ndarray, transform: Similarity, size: int) -> np.ndarray:
    """A clip's frame uint8 [size, size, 3]; the picture's edge is repeated beyond it."""
    scale = 1 / max(abs(transform.turn), 1)
    if scale < 1:  # Average first, as cubic interpolation skips pixels.
        frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        transform = Similarity(scale, (scale - 1) / 2 * (1 + 1j)) @ transform
    return cv2.warpAffine(
        frame,
        transform.matrix,
        (size, size),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
