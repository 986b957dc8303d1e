"""Fakes above the training clips that are nearest to them, as `evaluate.py memorisation` wrote."""

from pathlib import Path

from run_folder.report.clips import Clips
from run_folder.report.run import Run
from support.errors import UserError
from support.json_files import read_json
from support.media import FORMATS

_SCHEMA = {"ratio": float, "nearest": float, "fakes": int | dict, "reals": int | dict}


def describe(run: Run, clips: Clips) -> dict | None:
    """The newest check: its numbers and its picture."""
    for path in sorted(run.path.glob("memorisation-*.json"), key=_nimg, reverse=True):
        pictures = [path.with_suffix(f".{kind}") for kind in FORMATS]
        pictures = [picture for picture in pictures if picture.exists()]
        try:
            found = read_json(path, _SCHEMA)
        except UserError:
            continue
        if pictures:
            return {"ratio": found["ratio"], "nearest": found["nearest"]} | {
                "clip": {"src": clips.add(pictures[0]), "text": f"kimg {_nimg(path) / 1000:g}"}
            }
    return None


def _nimg(path: Path) -> int:
    number = path.stem.partition("-")[2]
    return int(number) if number.isdecimal() else -1
