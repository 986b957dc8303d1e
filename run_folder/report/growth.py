"""The clips of the fixed latents while the networks grow."""

from pathlib import Path

from growth.phase import phase_until
from run_folder.report.clips import Clips
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict | None:
    """Moments of training in order: the address of the clips, and what they are."""
    moments = choose(fakes_of(run), clips.max_moments)
    if not moments:
        return None
    return {"moments": [{"src": clips.add(path), "text": text_of(run, path)} for path in moments]}


def fakes_of(run: Run) -> list[Path]:
    """The files fakes-<nimg>.mp4 in order.

    A run that was resumed from an earlier checkpoint still has some of later moments: these are
    left out.
    """
    paths = sorted((run.path / "samples").glob("fakes-*.mp4"))
    return [path for path in paths if nimg_of(path) <= run.nimg]


def nimg_of(path: Path) -> int:
    """The number in a name such as fakes-<nimg>.mp4."""
    return int(path.stem.partition("-")[2])


def choose(paths: list[Path], maximum: int) -> list[Path]:
    """Up to `maximum` of them: every second, fourth, eighth ..., and the last.

    The choice hardly changes as paths are added, so most copies of an earlier page are used again.
    """
    step = 1
    while -(-len(paths) // step) >= maximum > 1:
        step *= 2
    chosen = paths[::step]
    return chosen if not paths or chosen[-1] == paths[-1] else [*chosen, paths[-1]]


def text_of(run: Run, path: Path) -> str:
    """When the file fakes-<nimg>.mp4 was made, such as "kimg 12, 8x32x32 stable"."""
    nimg = nimg_of(path)
    phase = phase_until(nimg, run.config.schedule, run.config.ladder)
    return f"kimg {nimg / 1000:g}, {run.config.ladder[phase.level]} {phase}"
