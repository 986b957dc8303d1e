"""Films without people: textured pictures, in which a textured square stands for a face."""

import cv2
import numpy as np

from dataset.faces.detect import EYES, Box


def texture(seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """A picture uint8 [H, W, 3] full of keypoints, another one for each seed."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    noise = cv2.GaussianBlur(noise, (0, 0), 2)
    grey = cv2.normalize(noise, None, 10, 245, cv2.NORM_MINMAX).astype(np.uint8)
    return np.stack([grey] * 3, -1)


def scene(background: int, faces: dict[int, tuple[float, float, float]], size=(120, 160)):
    """A frame with textured squares: {seed: (left, top, side)}."""
    frame = texture(background, *size)
    for seed, (left, top, side) in faces.items():
        scale = side / 64
        matrix = np.array([[scale, 0, left], [0, scale, top]])
        # Drawn where it lies, to fractions of a pixel.
        face = cv2.warpAffine(texture(seed, 64, 64), matrix, size[::-1], flags=cv2.INTER_LINEAR)
        inside = cv2.warpAffine(np.ones((64, 64), np.uint8), matrix, size[::-1], flags=0)
        frame[inside > 0] = face[inside > 0]
    return frame


class KnownFaces:
    """In place of a detector: tells boxes that are known, of picture after picture.

    Eyes are at their usual place in a box, and both are found.
    """

    def __init__(self, boxes: list[list[tuple[float, float, float]]]):
        self.boxes = iter(boxes)

    def find_faces(self, grey):
        """The next boxes."""
        return [Box(*box) for box in next(self.boxes)]

    def find_eyes(self, grey, box):
        """The eyes of a box."""
        return box.at(EYES)
