"""Draws the detections in a film onto it."""

import itertools
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from dataset.faces.align import COMMON
from dataset.faces.plan import Plan
from dataset.faces.shots import Shot, shrink

_FOUND, _FOLLOWED, _CLIP = (0, 255, 0), (255, 160, 0), (0, 160, 255)
_LANDMARK, _TEXT = (255, 255, 255), (255, 255, 0)


def draw(
    frames: Iterable[np.ndarray],
    shots: list[Shot],
    plans: list[Plan],
    size: int,
    landmarks: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Yields the frames in grey, 360 lines high, with all detections in colour.

    Boxes are green where the face was found and orange where it was followed, with the eyes; clips
    of `size` pixels are blue, with the points of the common frame; landmarks [frames, faces, 68, 2]
    are white; the number of the shot is at the top.
    """
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], float)
    numbers = itertools.chain.from_iterable([i] * len(shot.frames) for i, shot in enumerate(shots))
    for frame_number, (frame, i) in enumerate(zip(frames, numbers, strict=True)):
        grey, enlarge = shrink(frame)
        picture, reduce = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), enlarge.inverse()
        for track in shots[i].tracks:
            if frame_number in track.frames:
                _draw_face(picture, track.faces[frame_number - track.begin])
        for plan in plans:
            if frame_number in plan.frames:
                transform = reduce @ plan.transforms[frame_number - plan.frames.start]
                outline = np.rint(transform(corners)).astype(np.int32)
                cv2.polylines(picture, [outline], True, _CLIP, 1)
                for point in transform(COMMON * size):
                    cv2.drawMarker(picture, _pixel(point), _CLIP, cv2.MARKER_CROSS, 5)
        if landmarks is not None:
            _draw_points(picture, reduce(landmarks[frame_number]).reshape(-1, 2), 1, _LANDMARK)
        label = f"shot {i}, frame {frame_number}"
        cv2.putText(picture, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _TEXT)
        yield picture


def _draw_face(picture, face):
    colour = _FOUND if face.found else _FOLLOWED
    cv2.rectangle(picture, _pixel(face.box.at((0, 0))), _pixel(face.box.at((1, 1))), colour)
    _draw_points(picture, face.eyes, 2, colour)


def _draw_points(picture, points, radius, colour):
    for point in points[np.isfinite(points).all(1)]:
        cv2.circle(picture, _pixel(point), radius, colour, -1)


def _pixel(point):
    return tuple(int(n) for n in np.rint(point))
