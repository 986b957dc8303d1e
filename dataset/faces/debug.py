"""What was seen in a film, drawn onto it."""

import itertools
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from dataset.faces.align import COMMON
from dataset.faces.plan import Plan
from dataset.faces.shots import Shot, shrink

_FOUND, _FOLLOWED, _CLIP, _TEXT = (0, 255, 0), (255, 160, 0), (0, 160, 255), (255, 255, 0)


def draw(frames: Iterable[np.ndarray], shots: list[Shot], plans: list[Plan], size: int) -> Iterator:
    """Yields the frames in grey, 360 lines high, with all that was found in colour.

    Boxes are green where the face was found and orange where it was followed, with the eyes; clips
    are blue, with the points of the common frame; each shot's number stands at the top.
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
                way = reduce @ plan.transforms[frame_number - plan.frames.start]
                outline = np.rint(way(corners)).astype(np.int32)
                cv2.polylines(picture, [outline], True, _CLIP, 1)
                for point in way(COMMON * size):
                    cv2.drawMarker(picture, _pixel(point), _CLIP, cv2.MARKER_CROSS, 5)
        label = f"shot {i}, frame {frame_number}"
        cv2.putText(picture, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _TEXT)
        yield picture


def _draw_face(picture, face):
    colour = _FOUND if face.found else _FOLLOWED
    cv2.rectangle(picture, _pixel(face.box.at((0, 0))), _pixel(face.box.at((1, 1))), colour)
    for eye in face.eyes[np.isfinite(face.eyes).all(1)]:
        cv2.circle(picture, _pixel(eye), 2, colour, -1)


def _pixel(point):
    return tuple(int(n) for n in np.rint(point))
