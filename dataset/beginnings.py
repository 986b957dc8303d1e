"""The first frames of videos at the size of a rung, for generators that continue them."""

import itertools
from pathlib import Path

import numpy as np

from dataset.pyramid import fit
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from growth.ladder import Rung
from support.errors import UserError


def read_beginnings(
    path: Path, rung: Rung, past: int, max_clips: int, start: int = 0
) -> list[np.ndarray]:
    """The beginning of each of the first videos at `path`.

    Args:
        path: of a file or folder that `dataset.readers` can read.
        rung: height and width of the frames, and the maximum number of frames.
        past: the minimum number of frames.
        max_clips: the maximum number of videos.
        start: the first frame that is taken.

    Returns:
        Clips uint8 [T, H, W, 3], of `past` to `rung.frames` frames.

    Raises:
        UserError: no video there, one that is damaged, or one that is too short.
    """
    clips = []
    for source in list_sources(path, "auto", ReaderOptions())[:max_clips]:
        try:
            frames = itertools.islice(source.frames(), start, start + rung.frames)
            clip = [fit(np.asarray(frame), rung.height, rung.width) for frame in frames]
        except UserError as error:
            raise UserError(f"{source.name} {error}") from error
        if len(clip) < past:
            raise UserError(
                f"`source` should have at least {past} frames from `start`={start} on. Received: "
                f"{len(clip)} in {source.name}"
            )
        clips.append(np.stack(clip))
    return clips
