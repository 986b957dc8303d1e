"""The clips of one film, in two passes over its frames.

The first pass finds shots, faces and their motion. Then the clips are planned. The second pass cuts
them out. Only the aligned frames of a face are held, until its track ends: up to `max_frames`.
"""

import collections
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from dataset.faces.align import warp
from dataset.faces.debug import draw
from dataset.faces.landmarks import read
from dataset.faces.matching import persons
from dataset.faces.plan import Plan, plan_clips
from dataset.faces.rules import FaceRules
from dataset.faces.shots import watch
from dataset.readers.source import RejectedSource, Source
from support.files import new_folder
from support.media import write_clip


def make_clips(
    film: Source,
    folder: Path,
    rules: FaceRules,
    fps: float,
    *,
    landmarks: Path | None = None,
    drawing: Path | None = None,
    tick: Callable[[], None] = lambda: None,
):
    """Writes the clips of a film to the new folder `folder`.

    Args:
        film: the frames, and the name.
        folder: appears when all is done.
        rules: thresholds.
        fps: frames per second of the film and of the clips.
        landmarks: the folder of landmark files, if there is one.
        drawing: a video to write, with all detections drawn onto the film.
        tick: called at each frame that is read; it may raise to end the work.

    Raises:
        RejectedSource: the film is damaged, or its landmarks are.
    """
    points = read(landmarks, film.name) if landmarks else None
    shots = list(watch(_ticked(film.frames(), tick), rules))
    if not shots:
        raise RejectedSource("should have frames. Received: none")
    length = shots[-1].frames.stop
    if points is not None and len(points) != length:
        raise RejectedSource(f"should have landmarks of {length} frames. Received: {len(points)}")
    plans, count = plan_clips(shots, rules, points)
    if drawing:
        frames = _ticked(film.frames(), tick)
        write_clip(drawing, draw(frames, shots, plans, rules.size, points), fps)
    with new_folder(folder) as new:
        clips = cut_out(_ticked(film.frames(), tick), plans, rules.size)
        rows = list(_write(new, film.name, clips, rules, fps, count))
        count["clips"] = len(rows)
        about = {"film": film.name, "frames": length, "fps": fps}
        about |= {"funnel": dict(count), "clips": rows}
        (new / "film.json").write_text(json.dumps(about, indent=1))


def _write(folder, film, clips, rules, fps, count):
    """Writes each person's part of each clip, and the table of frames; yields a row per part."""
    with open(folder / "frames.csv", "w", newline="") as file:
        table, number = csv.writer(file), 0
        table.writerow(["clip", "frame", "x", "y", "scale", "angle"])
        for plan, clip in clips:
            parts = persons(clip, plan.found, rules.same)
            parts = [part for part in parts if len(part) >= rules.min_frames]
            count["changing"] += not parts
            for part in parts:
                name, piece = f"{number:04}.mp4", plan.part(part)
                write_clip(folder / name, clip[part.start : part.stop], fps)
                table.writerows([name, *line] for line in piece.lines(rules.size))
                yield {"clip": f"{film}/{name}", "film": film} | piece.summary(rules.size)
                number += 1


def _ticked(frames, tick):
    for frame in frames:
        tick()
        yield np.asarray(frame)


def cut_out(
    frames: Iterable[np.ndarray], plans: list[Plan], size: int
) -> Iterator[tuple[Plan, np.ndarray]]:
    """Yields (plan, clip uint8 [T, size, size, 3]) for each plan, after its last frame."""
    waiting = collections.deque(sorted(plans, key=lambda plan: plan.frames.start))
    working = []
    for number, frame in enumerate(frames):
        while waiting and waiting[0].frames.start == number:
            plan = waiting.popleft()
            working.append((plan, np.empty((len(plan.frames), size, size, 3), np.uint8)))
        for plan, clip in working:
            i = number - plan.frames.start
            clip[i] = warp(frame, plan.transforms[i], size)
        yield from (done for done in working if number == done[0].frames[-1])
        working = [item for item in working if number < item[0].frames[-1]]
        if not waiting and not working:
            return
