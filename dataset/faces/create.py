"""Makes face clips of films, a film a thread; films that are done stay done when it is stopped.

settings.json      what the clips were begun with; to go on needs the same
<film>/0000.mp4    the clips of a film, in a folder that appears when the film is done
<film>/frames.csv  how each of their frames lies in the film
<film>/film.json   what came of the film
clips.csv          a line a clip, of all films
contact_sheet.png  frames of each clip
damaged.txt        films that could not be read, and why
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path

import av

from dataset.faces.film import make_clips
from dataset.faces.report import write_sheet, write_table
from dataset.faces.rules import FaceRules
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions, RejectedSource
from dataset.readers.videos import FACE_CLIPS
from support.errors import UserError
from support.files import clear_abandoned, is_vacant, lock, write_atomically
from support.progress import Progress


class _Stopped(Exception):
    """Ends the work of a thread when all is given up."""


def create_face_clips(
    source: Path,
    output: Path,
    rules: FaceRules,
    *,
    landmarks: Path | None = None,
    debug: Path | None = None,
    workers: int = 1,
) -> tuple[list[dict], dict[str, str]]:
    """Writes face clips of the films at `source` to the folder `output`, or goes on with it.

    Args:
        source: a video, or a folder of videos.
        output: a new folder, or one that was begun with the same source, rules and landmarks.
        rules: thresholds.
        landmarks: a folder of landmark files (see `dataset.faces.landmarks`).
        debug: a folder for films onto which all that was seen is drawn.
        workers: films at a time.

    Returns:
        What `film.json` holds of each film, and {film: why it could not be read}.

    Raises:
        UserError: no film that can be read, or an output of something else.
    """
    films = list_sources(source, "videos", ReaderOptions())
    _check_outside("--output", output, source)
    if debug:
        _check_outside("--debug", debug, source, output)
    if landmarks and not landmarks.is_dir():
        raise UserError(f"--landmarks should be a folder. Received: {landmarks}")
    settings = dataclasses.asdict(rules) | {
        "source": str(source.resolve()),
        "landmarks": landmarks and str(landmarks.resolve()),
    }

    def make(film, tick):
        path = source if source.is_file() else source / film.name
        drawing = debug and debug / f"{film.name}.mp4"
        folder, fps = output / film.name, frame_rate(path)
        make_clips(film, folder, rules, fps, landmarks=landmarks, drawing=drawing, tick=tick)

    with _opened(output, settings):
        left = [film for film in films if not (output / film.name).exists()]
        damaged = _make_all(left, make, workers)
        done = [output / film.name / "film.json" for film in films if film.name not in damaged]
        reports = [json.loads(path.read_text()) for path in done]
        clips = [clip for report in reports for clip in report["clips"]]
        write_table(output / FACE_CLIPS, clips)
        if clips:
            write_sheet(output / "contact_sheet.png", output, [clip["clip"] for clip in clips])
        with write_atomically(output / "damaged.txt") as temporary:
            temporary.write_text("".join(f"{name}\t{why}\n" for name, why in damaged.items()))
    if not done:
        reasons = "; ".join(f"{name} {why}" for name, why in list(damaged.items())[:3])
        raise UserError(f"All {len(films)} films are damaged: {reasons}")
    return reports, damaged


def frame_rate(path: Path) -> float:
    """Frames a second of a video; 25 where it does not say."""
    try:
        with av.open(f"file:{path}") as container:
            return float(container.streams.video[0].average_rate or 25)
    except (av.FFmpegError, IndexError):  # Decoding it will tell what is wrong.
        return 25.0


def _check_outside(flag, folder, *others):
    """What is written should not be read as a film or a clip the next time."""
    for other in others:
        if folder.resolve().is_relative_to(other.resolve()):
            raise UserError(f"{flag} should lie outside of {other}. Received: {folder}")


def _make_all(films, make: Callable, workers):
    """Calls `make` for every film, in threads; returns {film: why it is damaged}."""
    stop, lock, progress = threading.Event(), threading.Lock(), Progress(None, "frames read")

    def tick():
        if stop.is_set():
            raise _Stopped
        with lock:
            progress.advance()

    damaged = {}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            jobs = {pool.submit(make, film, tick): film.name for film in films}
            for job in concurrent.futures.as_completed(jobs):
                try:
                    job.result()
                except RejectedSource as error:
                    damaged[jobs[job]] = str(error)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    progress.close()
    return {film.name: damaged[film.name] for film in films if film.name in damaged}


@contextlib.contextmanager
def _opened(folder, settings):
    """Creates or reopens the folder, and locks it."""
    path = folder / "settings.json"
    if not path.exists():
        if not is_vacant(folder):
            raise UserError(
                "--output should be a new or an empty folder, or one of create_faces. "
                f"Received: {folder}, which holds something else"
            )
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(settings, indent=1))
    with lock(path, f"--output should not be in use. Received: {folder}, where another works"):
        known = json.loads(path.read_text())
        changed = [
            f"{key} = {known.get(key)} there, {settings.get(key)} here"
            for key in sorted(known.keys() | settings.keys())
            if known.get(key) != settings.get(key)
        ]
        if changed:
            raise UserError(
                f"--output should be gone on with as it was begun. Received: {folder}, with "
                f"{'; '.join(changed)}"
            )
        clear_abandoned(folder)
        yield
