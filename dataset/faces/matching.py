"""Whether neighbouring frames show the same, by the share of their SIFT keypoints that match.

Used twice, as in chapter 7.1 of the paper: between frames of a film, where the share drops at a cut
from shot to shot, and between aligned frames of a face, where it drops as the person changes.
"""

import cv2
import numpy as np

_HEIGHT = 180  # of the pictures that are compared
_MOST = 400  # keypoints of a picture
_CONTRAST = 0.02  # half of SIFT's default, for films are dark
_RATIO = 0.7  # a match is this much nearer than the second nearest (Lowe 2004)
_REACH = 0.2  # of the height: how far a keypoint moves at the most
_FEW = 10  # keypoints; fewer say nothing


def describe(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SIFT keypoints of a frame uint8 [H, W, 3]: places in heights [K, 2], values [K, 128]."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if grey.shape[0] > _HEIGHT:
        width = max(round(grey.shape[1] * _HEIGHT / grey.shape[0]), 1)
        grey = cv2.resize(grey, (width, _HEIGHT), interpolation=cv2.INTER_AREA)
    sift = cv2.SIFT_create(_MOST, contrastThreshold=_CONTRAST)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if not keypoints:
        return np.zeros((0, 2)), np.zeros((0, 128), np.float32)
    return cv2.KeyPoint.convert(keypoints) / grey.shape[0], descriptors


def matched_share(before, after) -> float:
    """Matches between two pictures that `describe` saw, as a share of the fewer keypoints.

    Where neither has more than a few (black, a clear sky), nothing has changed: 1.
    """
    (few, few_values), (many, many_values) = sorted((before, after), key=lambda seen: len(seen[0]))
    if len(many) < _FEW:
        return 1.0
    if not len(few):
        return 0.0
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(few_values, many_values, k=2)
    pairs = [best for best, second in pairs if best.distance < _RATIO * second.distance]
    moved = [few[match.queryIdx] - many[match.trainIdx] for match in pairs]
    return sum(np.hypot(*move) < _REACH for move in moved) / max(len(few), _FEW)


def split(same: list[bool]) -> list[range]:
    """The runs of frames in which each is the same as the one before.

    Args:
        same: of frames 1, 2 and so on: one fewer than frames.
    """
    edges = [0, *(i for i, one in enumerate(same, 1) if not one), len(same) + 1]
    return [range(begin, end) for begin, end in zip(edges, edges[1:], strict=False)]


def persons(clip: np.ndarray, same: float) -> list[range]:
    """The frames of an aligned clip [T, H, W, 3] uint8 that show one person each, in order."""
    seen = [describe(frame) for frame in clip]
    shares = [matched_share(*pair) for pair in zip(seen, seen[1:], strict=False)]
    return split([share >= same for share in shares])
