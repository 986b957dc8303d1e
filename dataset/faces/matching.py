"""Whether neighbouring frames show the same, by the share of their SIFT keypoints that match.

It is used twice, as in chapter 7.1 of the paper: between frames of a film, where the share drops at
a cut, and between aligned frames of a face, where it drops as the person changes. A dissolve is no
cut, as its neighbouring frames match; faces in it are separated where they are at different places,
or where neither is found for some frames.
"""

import cv2
import numpy as np

_HEIGHT = 180  # of the pictures that are compared
_MAX_KEYPOINTS = 400  # of a picture
_CONTRAST = 0.02  # half of SIFT's default, as films are dark
_RATIO = 0.7  # a match is this much nearer than the second nearest (Lowe 2004)
_MAX_MOVE = 0.2  # of a keypoint, as a share of the height
_MIN_KEYPOINTS = 10  # for a comparison


def describe(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SIFT keypoints of a frame uint8 [H, W, 3]: places in heights [K, 2], values [K, 128]."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if grey.shape[0] > _HEIGHT:
        width = max(round(grey.shape[1] * _HEIGHT / grey.shape[0]), 1)
        grey = cv2.resize(grey, (width, _HEIGHT), interpolation=cv2.INTER_AREA)
    sift = cv2.SIFT_create(_MAX_KEYPOINTS, contrastThreshold=_CONTRAST)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if not keypoints:
        return np.zeros((0, 2)), np.zeros((0, 128), np.float32)
    return cv2.KeyPoint.convert(keypoints) / grey.shape[0], descriptors


def matched_share(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]
) -> float:
    """Matches between two results of `describe`, as a share of the smaller number of keypoints."""
    (few, few_values), (many, many_values) = sorted((before, after), key=lambda seen: len(seen[0]))
    if not len(few) or len(many) < 2:
        return 0.0
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(few_values, many_values, k=2)
    pairs = [best for best, second in pairs if best.distance < _RATIO * second.distance]
    moved = [few[match.queryIdx] - many[match.trainIdx] for match in pairs]
    return sum(np.hypot(*move) < _MAX_MOVE for move in moved) / max(len(few), _MIN_KEYPOINTS)


class Comparison:
    """Compares each frame with the one before.

    A frame with few keypoints (black, a clear sky) cannot be compared. The frame after it is
    compared with the frame before it, so that a fade through black does not hide a change.
    """

    def __init__(self, same: float):
        self.same = same
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def changes(self, frame: np.ndarray) -> bool | None:
        """Whether `frame` uint8 [H, W, 3] matches the last comparable one by less than `same`.

        None where it cannot be compared itself.
        """
        seen = describe(frame)
        if len(seen[0]) < _MIN_KEYPOINTS:
            return None
        before, self._before = self._before, seen
        return before is not None and matched_share(before, seen) < self.same


def persons(clip: np.ndarray, found: np.ndarray, same: float) -> list[range]:
    """The parts of an aligned clip uint8 [T, H, W, 3] that show one person each, in order.

    Frames in which the face was not `found` [T], or that cannot be compared, belong to a part only
    where the person before them is the one after them.
    """
    compare, parts = Comparison(same), []
    for number in np.flatnonzero(found).tolist():
        changes = compare.changes(clip[number])
        if changes is None:
            continue
        if changes or not parts:
            parts.append(range(number, number))
        parts[-1] = range(parts[-1].start, number + 1)
    return parts
