"""Makes face clips of films, one film per thread; finished films stay when the work is stopped.

settings.json      the settings that the clips are made with; resuming needs the same
<film>/0000.mp4    the clips of a film, in a folder that appears when the film is done
<film>/frames.csv  where each of their frames comes from in the film
<film>/film.json   the report of the film
.beam/             results of Apache Beam's workers, while they work
clips.csv          one line per clip, of all films
contact_sheet.png  frames of each clip
damaged.txt        films that could not be read, and why
"""

import contextlib
import dataclasses
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from dataset.beam import Beam
from dataset.faces.film import make_clips
from dataset.faces.report import write_sheet, write_table
from dataset.faces.rules import FaceRules
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions, RejectedSource, Source
from dataset.readers.source_list import Location, SourceList
from dataset.readers.videos import FACE_CLIPS, frame_rate
from dataset.workers import Stopped, in_order
from support.errors import UserError
from support.files import (
    clear_abandoned,
    clear_partial,
    is_vacant,
    lock,
    write_atomically,
    write_json,
)
from support.json_files import read_json
from support.progress import Progress
from support.resume import check_same

_FPS = 25.0  # of a film that does not state its rate
_RESULTS = ".beam"
_REPORT = {"film": str, "funnel": {str: int}, "clips": [{"clip": str}]}


def create_face_clips(
    source: Path,
    output: Path,
    rules: FaceRules,
    *,
    landmarks: Path | None = None,
    debug: Path | None = None,
    workers: int = 1,
    beam: Beam | None = None,
) -> tuple[list[dict], dict[str, str]]:
    """Writes face clips of the films at `source` to the folder `output`, or resumes it.

    Args:
        source: a video, or a folder of videos.
        output: a new folder, or one that was started with the same source, rules and landmarks.
        rules: thresholds.
        landmarks: a folder of landmark files (see `dataset.faces.landmarks`).
        debug: a folder for films onto which all detections are drawn.
        workers: films at a time.
        beam: makes the films in its workers, in place of threads.

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

    with _opened(output, settings):
        left = [film for film in films if not (output / film.name).exists()]
        make = _FilmMaker(rules, source, output, landmarks, debug)
        if beam:
            damaged = _make_by_beam(left, films, make.absolute(), beam)
        else:
            damaged = _make_all(left, make, workers)
        done = [output / film.name / "film.json" for film in films if film.name not in damaged]
        reports = [read_json(path, _REPORT) for path in done]
        clips = [clip for report in reports for clip in report["clips"]]
        write_table(output / FACE_CLIPS, clips)
        if clips:
            write_sheet(output / "contact_sheet.png", output, [clip["clip"] for clip in clips])
        with write_atomically(output / "damaged.txt") as temporary:
            temporary.write_text("".join(f"{name}\t{why}\n" for name, why in damaged.items()))
        shutil.rmtree(output / _RESULTS, ignore_errors=True)
    if not done:
        reasons = "; ".join(f"{name} {why}" for name, why in list(damaged.items())[:3])
        raise UserError(f"All {len(films)} films are damaged: {reasons}")
    return reports, damaged


@dataclasses.dataclass(frozen=True)
class _FilmMaker:
    rules: FaceRules
    source: Path
    output: Path
    landmarks: Path | None
    debug: Path | None

    def __call__(self, film: Source, tick: Callable[[], None] = lambda: None):
        """Writes the folder of a film; raises `RejectedSource` where it is damaged."""
        path = self.source if self.source.is_file() else self.source / film.name
        drawing = self.debug and self.debug / f"{film.name}.mp4"
        folder, fps = self.output / film.name, frame_rate(path) or _FPS
        make_clips(
            film, folder, self.rules, fps, landmarks=self.landmarks, drawing=drawing, tick=tick
        )

    def absolute(self) -> "_FilmMaker":
        """The same from any working directory."""
        landmarks, debug = self.landmarks, self.debug
        return _FilmMaker(
            self.rules,
            self.source.absolute(),
            self.output.absolute(),
            landmarks and landmarks.absolute(),
            debug and debug.absolute(),
        )


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


def _make_by_beam(films, all_films, make, beam):
    """Makes every film in Beam's workers; returns {film: why it is damaged}."""
    sources = SourceList(Location(make.source, "videos", ReaderOptions()))
    places = {film.name: place for place, film in enumerate(all_films)}
    items = {_digest(film.name): (places[film.name], film.name) for film in films}
    with beam.results(_TryToMake(make, sources), items, make.output / _RESULTS, "films") as results:
        clear_partial(make.output)
        reasons = [result.get("rejected") for result in results]
    return {film.name: why for film, why in zip(films, reasons, strict=True) if why}


@dataclasses.dataclass(frozen=True)
class _TryToMake:
    make: _FilmMaker
    sources: SourceList

    def __call__(self, item):
        film = self.sources.find(*item)
        if not (self.make.output / film.name).exists():  # Else made by a try that got lost.
            try:
                self.make(film)
            except RejectedSource as error:
                return {"rejected": str(error)}
        return {}


def _digest(name):
    """Stays the same when films are added."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


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
