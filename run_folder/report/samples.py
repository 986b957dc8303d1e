"""The newest clips of the fixed latents, next to reals."""

from run_folder.report.clips import Clips
from run_folder.report.growth import fakes_of, text_of
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict | None:
    """The newest fakes, and reals at the finest rung that has some."""
    folder = run.path / "samples"
    fakes = fakes_of(run)
    rungs = [str(rung) for rung in reversed(run.config.ladder)]
    reals = [rung for rung in rungs if (folder / f"reals-{rung}.mp4").exists()]
    if not fakes:
        return None
    return {
        "fakes": {"src": clips.add(fakes[-1]), "text": f"fakes, {text_of(run, fakes[-1])}"},
        "reals": reals
        and {"src": clips.add(folder / f"reals-{reals[0]}.mp4"), "text": f"reals, {reals[0]}"},
    }
