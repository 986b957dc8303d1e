"""Reports on the films: a table of clips, the funnel of figure 7.1, a sheet of pictures."""

import collections
import csv
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from dataset.faces.rules import FaceRules
from dataset.readers.videos import decode
from support.files import write_atomically
from support.media import evenly, tile_clips

COLUMNS = ["clip", "film", "shot", "begin", "end", "x", "y", "scale", "angle", "found", "eyes"]
_SHEET_CLIPS, _SHEET_FRAMES, _SHEET_ROWS, _SHEET_SIDE = 100, 8, 25, 96

# Each stage, with the losses just before it: their names in the Counter of `plan.plan_clips`, and
# their descriptions.
FUNNEL = {
    "films": {"damaged": "damaged"},
    "shots": {},
    "of a good length": {
        "too short": "shorter than {min_frames} frames",
        "too long": "longer than {max_frames} frames",
    },
    "with a face": {"without a face": "without a face for {min_frames} consecutive frames"},
    "faces": {},
    "aligned": {
        "seldom found": "found in less than {min_found:.0%} of their frames",
        "without eyes": "with less than {min_eyes:.0%} of their eyes or landmarks",
        "beyond the edge": "beyond the edge of the picture",
    },
    "clips": {"changing": "without {min_frames} frames that show one person for certain"},
}


def write_table(path: Path, rows: list[dict]):
    """Writes one line per clip, as CSV."""
    with write_atomically(path) as temporary, open(temporary, "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)


def funnel(reports: list[dict], damaged: int, rules: FaceRules) -> str:
    """A table of how much is left of the films after each stage, and why the rest was lost."""
    counts = collections.Counter(films=len(reports), damaged=damaged)
    for report in reports:
        counts.update(report["funnel"])
    lines = []
    for stage, losses in FUNNEL.items():
        texts = [
            f"{counts[name]} {text.format(**vars(rules))}"
            for name, text in losses.items()
            if counts[name]
        ]
        left = f"{stage:<18}{counts[stage]:>8}"
        lines.append(f"{left}   lost: {', '.join(texts)}" if texts else left)
    return "\n".join(lines)


def write_sheet(path: Path, folder: Path, clips: list[str]):
    """Draws eight frames of each clip, for up to a hundred clips, evenly chosen."""
    chosen = evenly(len(clips), _SHEET_CLIPS)
    frames = np.concatenate([_some_frames(folder / clips[i]) for i in chosen])[:, None]
    columns = _SHEET_FRAMES * (1 + len(chosen) // _SHEET_ROWS)
    sheet = tile_clips(frames, columns, side=1)
    with write_atomically(path) as temporary:
        Image.fromarray(sheet[0]).save(temporary)


def _some_frames(path):
    """[8, H, W, 3], evenly chosen; those of a very short clip more than once."""
    size = (_SHEET_SIDE, _SHEET_SIDE)
    frames = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in decode(path)]
    places = np.linspace(0, len(frames) - 1, _SHEET_FRAMES)
    return np.stack([frames[int(place)] for place in places])
