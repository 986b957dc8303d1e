"""The clips of one film: two passes over its frames, neither of which holds them.

The first finds shots, faces and their motion; then it is planned what to cut out; the second cuts
it out. A face's aligned frames are held until its track ends: `max_frames` of them at the most.
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
    tick: Callable[[int], None] = lambda count: None,
):
    """Writes the clips of a film to the new folder `folder`.

    Args:
        film: the frames, and the name.
        folder: appears when all is done.
        rules: thresholds.
        fps: frames a second of the film and of the clips.
        landmarks: the folder of landmark files, if there is one.
        drawing: a video to write, with all that was seen drawn onto the film.
        tick: called at each frame, with 1 where it is new; what it raises ends the work.

    Raises:
        RejectedSource: the film is damaged, or its landmarks are.
    """
    points = read(landmarks, film.name) if landmarks else None
    shots = list(watch(_ticked(film.frames(), tick, 1), rules))
    if not shots:
        raise RejectedSource("should have frames. Received: none")
    plans, count = plan_clips(shots, rules, points)
    if drawing:
        write_clip(drawing, draw(_ticked(film.frames(), tick, 0), shots, plans, rules.size), fps)
    rows = []
    with new_folder(folder) as new, open(new / "frames.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["clip", "frame", "x", "y", "scale", "angle"])
        for plan, clip in cut_out(_ticked(film.frames(), tick, 0), plans, rules.size):
            for part in persons(clip, rules.same):
                if len(part) < rules.min_frames:
                    count["of another person"] += 1
                    continue
                name = f"{len(rows):04}.mp4"
                write_clip(new / name, clip[part.start : part.stop], fps)
                piece = plan.part(part)
                table.writerows([name, *line] for line in piece.lines(rules.size))
                names = {"clip": f"{film.name}/{name}", "film": film.name}
                rows.append(names | piece.summary(rules.size))
        count["clips"] = len(rows)
        about = {"film": film.name, "fps": fps, "funnel": dict(count), "clips": rows}
        (new / "film.json").write_text(json.dumps(about, indent=1))


def _ticked(frames, tick, count):
    for frame in frames:
        tick(count)
        yield frame


def cut_out(frames: Iterable[np.ndarray], plans: list[Plan], size: int) -> Iterator[tuple]:
    """Yields (plan, clip uint8 [T, size, size, 3]) for each plan, once its frames are past."""
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
        working = [going for going in working if number < going[0].frames[-1]]
        if not waiting and not working:
            return
