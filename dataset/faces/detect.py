"""Faces and eyes of a frame, by OpenCV's Haar cascades (Viola and Jones 2001)."""

import dataclasses

import cv2
import numpy as np
from numpy.typing import ArrayLike

_PATCH = 160  # height and width in pixels of a face in which eyes are detected
EYES = np.array([[0.34, 0.39], [0.66, 0.39]])  # where eyes are in a box, as shares of its side
_REACH = 0.13  # how far from there an eye may be


@dataclasses.dataclass(frozen=True)
class Box:
    """A square in pixels of a picture, x to the right and y downwards."""

    left: float
    top: float
    side: float

    def overlap(self, other: "Box") -> float:
        """Intersection over union."""
        width, height = (
            max(min(a + self.side, b + other.side) - max(a, b), 0)
            for a, b in ((self.left, other.left), (self.top, other.top))
        )
        return width * height / (self.side**2 + other.side**2 - width * height)

    def at(self, places: ArrayLike) -> np.ndarray:
        """Pixels [..., 2] of places [..., 2] given as shares of the side."""
        return (self.left, self.top) + self.side * np.asarray(places, float)


class Detector:
    """Finds frontal faces, and eyes in them. Threads need one each, as a cascade has state."""

    def __init__(self, min_face: float):
        self.min_face = min_face
        self._face = _cascade("frontalface_alt2")
        self._eye = _cascade("eye")

    def find_faces(self, grey: np.ndarray) -> list[Box]:
        """The faces of a picture uint8 [H, W], left to right."""
        side = round(self.min_face * grey.shape[0])
        found = self._face.detectMultiScale(grey, 1.1, 4, minSize=(side, side))
        return [Box(*map(float, box)) for box in sorted(box[:3] for box in map(tuple, found))]

    def find_eyes(self, grey: np.ndarray, box: Box) -> np.ndarray:
        """x, y of the eye on the left and on the right, [2, 2]; NaN where not found.

        On each side, the candidate nearest to the usual place of an eye is chosen.
        """
        scale = box.side / _PATCH
        patch = cv2.warpAffine(
            grey,
            np.array([[scale, 0, box.left], [0, scale, box.top]]),
            (_PATCH, _PATCH * 7 // 10),  # Mouths look like eyes.
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        found = self._eye.detectMultiScale(patch, 1.05, 2, minSize=(24, 24), maxSize=(72, 72))
        eyes = np.full((2, 2), np.nan)
        if len(found):
            places = (found[:, :2] + found[:, 2:] / 2) / _PATCH  # [N2]
            away = np.linalg.norm(places[:, None] - EYES, axis=2)  # [N, side of the face]
            near = away.min(0) < _REACH
            eyes[near] = box.at(places[away.argmin(0)])[near]
        return eyes


def _cascade(name):
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")
