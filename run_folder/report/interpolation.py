"""Clips while their latents move around a circle."""

from run_folder.report.clips import Clips
from run_folder.report.growth import text_of
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict | None:
    """The newest interpolation that was made for the report."""
    paths = sorted((run.path / "samples").glob("interpolation-*.mp4"))
    if not paths:
        return None
    return {"clip": {"src": clips.add(paths[-1]), "text": text_of(run, paths[-1])}}
