"""A film's shots, and the tracks of faces in each."""

import dataclasses
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from dataset.faces.detect import Detector
from dataset.faces.matching import Comparison
from dataset.faces.rules import FaceRules
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Track, Tracker

_HEIGHT = 360  # of the pictures in which faces are detected, for films of all sizes


@dataclasses.dataclass(frozen=True)
class Shot:
    """Frames between two cuts, and the faces in them."""

    frames: range
    tracks: list[Track]  # in pixels of the reduced pictures
    enlarge: Similarity  # from the reduced pictures to the film
    picture: tuple[int, int]  # height and width of the film


def watch(frames: Iterable[np.ndarray], rules: FaceRules) -> Iterator[Shot]:
    """Yields the shots of a film's frames uint8 [H, W, 3]; holds one frame at a time."""
    detector, compare = Detector(rules.min_face), Comparison(rules.same)
    shot, tracker = None, Tracker(detector, rules.max_gap)
    for number, frame in enumerate(frames):
        cut = compare.changes(frame)
        if shot and (cut or frame.shape[:2] != shot.picture):
            yield dataclasses.replace(shot, tracks=tracker.tracks())
            shot = None
        grey, enlarge = shrink(frame)
        if shot is None:
            shot = Shot(range(number, number), [], enlarge, frame.shape[:2])
            tracker = Tracker(detector, rules.max_gap)
        shot = dataclasses.replace(shot, frames=range(shot.frames.start, number + 1))
        if len(shot.frames) <= rules.max_frames:  # It will be dropped otherwise.
            tracker.add(number, grey)
    if shot:
        yield dataclasses.replace(shot, tracks=tracker.tracks())


def shrink(frame: np.ndarray) -> tuple[np.ndarray, Similarity]:
    """The frame uint8 [H, W, 3] in grey, with up to 360 lines; and the transform back to it."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    scale = min(_HEIGHT / grey.shape[0], 1)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # The coordinates of a pixel are those of its centre.
    return grey, Similarity(1 / scale, (0.5 / scale - 0.5) * (1 + 1j))
