"""The same face through a shot: found in each frame, and followed from one frame to the next.

Following makes the clips steady: the motion of some dozens of corners in the face (Shi and Tomasi
1994, tracked by Lucas and Kanade 1981) is known to a fraction of a pixel from frame to frame, where
a cascade's box and eyes jump by several. It also bridges a few frames in which the cascade misses a
face.
"""

import dataclasses

import cv2
import numpy as np

from dataset.faces.detect import Box, Detector
from dataset.faces.similarity import Similarity, as_complex, fit_similarity

_MIN_OVERLAP = 0.3  # of a box that is found with the one that was followed there
_MAX_CORNERS = 80  # in a face
_MIN_CORNERS = 6  # from which a motion is computed
_WINDOW = (15, 15)  # pixels around a corner that are compared
_MAX_TURN = 0.1  # zoom and tilt from frame to frame, as the logarithm of a similarity's turn


@dataclasses.dataclass(frozen=True)
class Face:
    """A face in a frame."""

    box: Box
    found: bool  # by the cascade; otherwise it was followed
    eyes: np.ndarray  # [2, 2]: x, y of the eye on the left and on the right; NaN where not found
    motion: Similarity  # from where it was in the frame before


@dataclasses.dataclass
class Track:
    """A face in consecutive frames, from frame `begin` on."""

    begin: int
    faces: list[Face]

    @property
    def frames(self) -> range:
        """The numbers of its frames."""
        return range(self.begin, self.begin + len(self.faces))

    @property
    def gap(self) -> int:
        """Frames since it was found last."""
        return next(i for i, face in enumerate(reversed(self.faces)) if face.found)


class Tracker:
    """Collects the tracks of a shot from its frames, one after the other."""

    def __init__(self, detector: Detector, max_gap: int):
        self.detector, self.max_gap = detector, max_gap
        self._open: list[Track] = []
        self._done: list[Track] = []
        self._before = np.empty((0, 0), np.uint8)

    def add(self, number: int, grey: np.ndarray):
        """Adds frame `number`, uint8 [H, W]."""
        found = self.detector.find_faces(grey)
        boxes = [track.faces[-1].box for track in self._open]
        motions = [follow(self._before, grey, box) for box in boxes]
        followed = [move(*pair) for pair in zip(motions, boxes, strict=True)]
        partner = pair_up(followed, found)
        for i, track in enumerate(self._open):
            box = found[partner[i]] if i in partner else followed[i]
            eyes = self.detector.find_eyes(grey, box)
            track.faces.append(Face(box, i in partner, eyes, motions[i]))
        self._done += [track for track in self._open if track.gap > self.max_gap]
        self._open = [track for track in self._open if track.gap <= self.max_gap]
        for i, box in enumerate(found):
            if i not in partner.values():
                face = Face(box, True, self.detector.find_eyes(grey, box), Similarity())
                self._open.append(Track(number, [face]))
        self._before = grey

    def tracks(self) -> list[Track]:
        """All tracks, by where they begin; each ends with the last frame in which it was found."""
        tracks = sorted(self._done + self._open, key=lambda track: track.begin)
        return [Track(t.begin, t.faces[: len(t.faces) - t.gap]) for t in tracks]


def follow(before: np.ndarray, after: np.ndarray, box: Box) -> Similarity:
    """How the face in `box` moves from one picture uint8 [H, W] to the next.

    It is the identity where too few of its corners can be followed forth and back.
    """
    # Search only around the box.
    top, left = (max(int(n - box.side / 2), 0) for n in (box.top, box.left))
    bottom, right = (max(int(n + box.side * 1.5), 0) for n in (box.top, box.left))
    before, after = before[top:bottom, left:right], after[top:bottom, left:right]
    if min(before.shape) < max(_WINDOW):
        return Similarity()
    mask = np.zeros_like(before)
    centre = box.at((0.5, 0.5)) - (left, top)
    axes = (0.38 * box.side, 0.45 * box.side)  # A face fills its box to about there.
    cv2.ellipse(mask, np.rint(centre).astype(int), np.rint(axes).astype(int), 0, 0, 360, 255, -1)
    corners = cv2.goodFeaturesToTrack(before, _MAX_CORNERS, 0.01, max(box.side / 25, 2), mask=mask)
    if corners is None:
        return Similarity()
    moved, ok, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None, winSize=_WINDOW)
    back, ok_too, _ = cv2.calcOpticalFlowPyrLK(after, before, moved, None, winSize=_WINDOW)
    good = (ok & ok_too).astype(bool)[:, 0] & (np.linalg.norm(back - corners, axis=2)[:, 0] < 1)
    if good.sum() < _MIN_CORNERS:
        return Similarity()
    source, target = corners[good, 0] + (left, top), moved[good, 0] + (left, top)
    motion = fit_similarity(source, target)
    if abs(np.log(motion.turn)) < _MAX_TURN:
        return motion
    # The face is probably blurred: only its shift is certain.
    return Similarity(1, complex(as_complex(np.median(target - source, axis=0))))


def move(motion: Similarity, box: Box) -> Box:
    """The box after a motion; it stays upright."""
    side = abs(motion.turn) * box.side
    left, top = motion(box.at((0.5, 0.5))) - side / 2
    return Box(left, top, side)


def pair_up(followed: list[Box], found: list[Box]) -> dict[int, int]:
    """Pairs boxes of the same face, the largest overlaps first: {followed: found}."""
    overlaps = {(i, j): a.overlap(b) for i, a in enumerate(followed) for j, b in enumerate(found)}
    pairs = {}
    for i, j in sorted(overlaps, key=lambda pair: overlaps[pair], reverse=True):
        if overlaps[i, j] >= _MIN_OVERLAP and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs
