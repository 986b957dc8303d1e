"""Makes face clips of films, one film per thread; finished films stay when the work is stopped.

settings.json      the settings that the clips are made with; resuming needs the same
<film>/0000.mp4    the clips of a film, in a folder that appears when the film is done
<film>/frames.csv  where each of their frames comes from in the film
<film>/film.json   the report of the film
clips.csv          one line per clip, of all films
contact_sheet.png  frames of each clip
damaged.txt        films that could not be read, and why
"""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

from dataset.faces.film import make_clips
from dataset.faces.report import write_sheet, write_table
from dataset.faces.rules import FaceRules
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions, RejectedSource
from dataset.readers.videos import FACE_CLIPS, frame_rate
from dataset.workers import Stopped, in_order
from support.errors import UserError
from support.files import clear_abandoned, is_vacant, lock, write_atomically, write_json
from support.json_files import read_json
from support.progress import Progress
from support.resume import check_same

_FPS = 25.0  # of a film that does not state its rate
_REPORT = {"film": str, "funnel": {str: int}, "clips": [{"clip": str}]}


def create_face_clips(
    source: Path,
    output: Path,
    rules: FaceRules,
    *,
    landmarks: Path | None = None,
    debug: Path | None = None,
    workers: int = 1,
) -> tuple[list[dict], dict[str, str]]:
    """Writes face clips of the films at `source` to the folder `output`, or resumes it.

    Args:
        source: a video, or a folder of videos.
        output: a new folder, or one that was started with the same source, rules and landmarks.
        rules: thresholds.
        landmarks: a folder of landmark files (see `dataset.faces.landmarks`).
        debug: a folder for films onto which all detections are drawn.
        workers: films at a time.

    Returns:
        The content of each film's `film.json`, and {film: why it could not be read}.

    Raises:
        UserError: no film that can be read, or an output of something else.
    """
    films = list_sources(source, "videos", ReaderOptions())
    _check_outside("output", output, source)
    if debug:
        _check_outside("debug", debug, source, output)
    if landmarks and not landmarks.is_dir():
        raise UserError(f"`landmarks` should be a folder. Received: {landmarks}")
    settings = dataclasses.asdict(rules) | {
        "source": str(source.resolve()),
        "landmarks": landmarks and str(landmarks.resolve()),
    }

    def make(film, tick):
        path = source if source.is_file() else source / film.name
        drawing = debug and debug / f"{film.name}.mp4"
        folder, fps = output / film.name, frame_rate(path) or _FPS
        make_clips(film, folder, rules, fps, landmarks=landmarks, drawing=drawing, tick=tick)

    with _opened(output, settings):
        left = [film for film in films if not (output / film.name).exists()]
        damaged = _make_all(left, make, workers)
        done = [output / film.name / "film.json" for film in films if film.name not in damaged]
        reports = [read_json(path, _REPORT) for path in done]
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


def _check_outside(argument, folder, *others):
    """The next call should not read as a film or a clip what this one writes."""
    for other in others:
        if folder.resolve().is_relative_to(other.resolve()):
            raise UserError(f"`{argument}` should be outside of {other}. Received: {folder}")


def _make_all(films, make: Callable, workers):
    """Calls `make` for every film, in threads; returns {film: why it is damaged}."""
    with Progress(None, "frames read") as progress:

        def try_to_make(film, stopped):
            def tick():
                if stopped():
                    raise Stopped
                progress.advance()

            try:
                make(film, tick)
            except RejectedSource as error:
                return str(error)
            return None

        with in_order(try_to_make, films, workers, look_ahead=len(films)) as reasons:
            return {f.name: why for f, why in zip(films, reasons, strict=True) if why}


@contextlib.contextmanager
def _opened(folder, settings):
    """Creates or reopens the folder, and locks it."""
    path = folder / "settings.json"
    if not path.exists():
        if not is_vacant(folder):
            raise UserError(
                f"Cannot write to {folder}: it holds files of something else. Use a new or an "
                "empty folder as `output`."
            )
        write_json(path, settings)
    refusal = f"Cannot write to {folder}: another process is writing there. Wait until it ends."
    with lock(path, refusal):
        before = read_json(path, {str: object})
        check_same(folder, before, settings, "Use the same settings or a new `output`.")
        clear_abandoned(folder)
        yield
