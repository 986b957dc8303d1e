"""Writes clips of a data set as files for other programs."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from dataset.records import Records
from growth.ladder import Rung
from support.errors import UserError
from support.files import new_folder
from support.media import write_clip
from support.text import printable

FORMATS = ("mp4", "gif", "frames", "npy")


def extract(
    records: Records,
    rung: Rung,
    indices: Iterable[int],
    output: Path,
    kind: str,
    fps: float,
    advance: Callable[[], None] = lambda: None,
):
    """Writes clips into the new folder `output`, each named by its index, below its label's folder.

    Args:
        records: the data set.
        rung: the size of the clips.
        indices: which clips.
        output: a new folder.
        kind: "npy" is the clip uint8 [T, H, W, 3], "frames" a folder of PNGs, both without loss;
            "mp4" is H.264, "gif" has 256 colours.
        fps: frames per second of "mp4" and "gif".
        advance: called after each clip.

    Raises:
        UserError: `output` exists, or a label is no name of a folder.
    """
    names = [_checked(name) for name in records.label_names]
    with new_folder(output) as folder:
        for index in indices:
            clip, label = records.clip(rung, index)
            stem = folder / (names[label] if label >= 0 else "") / f"{index:06d}"
            stem.parent.mkdir(parents=True, exist_ok=True)
            _write(stem, clip, kind, fps)
            advance()


def _write(stem, clip, kind, fps):
    if kind == "frames":
        stem.mkdir()
        for number, frame in enumerate(clip):
            Image.fromarray(frame).save(stem / f"{number:04d}.png")
    elif kind == "npy":
        np.save(stem.with_suffix(".npy"), clip)
    else:
        write_clip(stem.with_suffix(f".{kind}"), clip, fps)


def _checked(name):
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise UserError(f"A label should be the name of a folder. Received: {printable(name)}")
    return name
