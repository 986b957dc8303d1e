"""Plans which clips to cut out of a film, between the two passes over it."""

import collections
import dataclasses
import itertools

import numpy as np

from dataset.faces import landmarks as landmark_files
from dataset.faces.align import by_eyes, by_landmarks, share_outside
from dataset.faces.rules import FaceRules
from dataset.faces.shots import Shot
from dataset.faces.similarity import Similarity
from dataset.faces.tracks import Track


@dataclasses.dataclass(frozen=True)
class Plan:
    """A face to cut out, aligned."""

    shot: int  # counted from 0
    frames: range  # of the film
    transforms: list[Similarity]  # from the clip to each of them
    found: np.ndarray  # [T] whether the cascade found the face
    eyes: np.ndarray  # [T] share of the eyes (or of the landmarks) that were found

    def part(self, part: range) -> "Plan":
        """The plan for some of its frames, counted from its first."""
        some = slice(part.start, part.stop)
        names = ("frames", "transforms", "found", "eyes")
        return dataclasses.replace(self, **{name: getattr(self, name)[some] for name in names})

    def lines(self, size: int) -> list[tuple]:
        """(frame, x, y, scale, angle) of each frame: where the clip is in the film.

        x and y are the pixel of the film at the clip's centre, the scale is in pixels of the film
        per pixel of the clip, the angle in degrees, clockwise.
        """
        middle = (size - 1) / 2 * np.ones(2)
        return [
            (
                frame,
                *transform(middle).round(2).tolist(),
                round(abs(transform.turn), 4),
                round(float(np.degrees(np.angle(transform.turn))), 2),
            )
            for frame, transform in zip(self.frames, self.transforms, strict=True)
        ]

    def summary(self, size: int) -> dict:
        """Its line in `clips.csv`: the transform is the median of its frames."""
        medians = np.median([line[1:] for line in self.lines(size)], 0)
        return {
            "shot": self.shot,
            "begin": self.frames.start,
            "end": self.frames.stop,
            **dict(zip(("x", "y", "scale", "angle"), medians.round(3).tolist(), strict=True)),
            "found": round(float(self.found.mean()), 3),
            "eyes": round(float(self.eyes.mean()), 3),
        }


def plan_clips(
    shots: list[Shot], rules: FaceRules, landmarks: np.ndarray | None = None
) -> tuple[list[Plan], collections.Counter]:
    """Plans a film's clips.

    Args:
        shots: of the film.
        rules: thresholds.
        landmarks: [frames, faces, 68, 2] of the film, or None to align by the eyes.

    Returns:
        The plans in the order in which they begin, and the numbers of `report.FUNNEL`.
    """
    plans, count = [], collections.Counter(shots=len(shots))
    for number, shot in enumerate(shots):
        if not rules.min_frames <= len(shot.frames) <= rules.max_frames:
            count["too short" if len(shot.frames) < rules.min_frames else "too long"] += 1
            continue
        count["of a good length"] += 1
        tracks = [track for track in shot.tracks if len(track.faces) >= rules.min_frames]
        count["with a face" if tracks else "without a face"] += 1
        for track in tracks:
            count["faces"] += 1
            plan = align(track, number, shot, rules, landmarks)
            if isinstance(plan, Plan):
                plans.append(plan)
            count["aligned" if isinstance(plan, Plan) else plan] += 1
    return plans, count


def align(
    track: Track, number: int, shot: Shot, rules: FaceRules, landmarks: np.ndarray | None
) -> Plan | str:
    """The plan for a track of shot `number`, or why there is none."""
    found = np.array([face.found for face in track.faces])
    if found.mean() < rules.min_found:
        return "seldom found"
    if landmarks is None:
        points = np.stack([face.eyes for face in track.faces])
    else:
        points = landmark_files.anchors(landmarks, track.frames, track.faces, shot.enlarge)
    eyes = np.isfinite(points).all(2).mean(1)
    if eyes.mean() < rules.min_eyes:
        return "without eyes"
    if landmarks is None:
        transforms = by_eyes(track.faces, rules.size, rules.smoothing)
    else:
        transforms = by_landmarks(points, track.faces, rules.size, rules.smoothing)
    transforms = [shot.enlarge @ transform for transform in transforms]
    outside = [share_outside(transform, rules.size, shot.picture) for transform in transforms]
    inside = longest_run([share <= rules.max_outside for share in outside])
    if len(inside) < rules.min_frames:
        return "beyond the edge"
    return Plan(number, track.frames, transforms, found, eyes).part(inside)


def longest_run(flags: list[bool]) -> range:
    """The longest run of true flags, the first one of these."""
    runs, number = [range(0)], 0
    for flag, group in itertools.groupby(flags):
        length = len(list(group))
        runs += [range(number, number + length)] if flag else []
        number += length
    return max(runs, key=len)
