"""Which videos are held out of a data set, for scores with clips that training has not seen."""

import hashlib
from pathlib import Path

from dataset.readers.source import Source
from support.errors import UserError
from support.files import read_lines
from support.text import printable


def held_out_by_chance(sources: list[Source], fraction: float, seed: int) -> frozenset[str]:
    """About `fraction` of the videos; whether one is held out follows from its name and the seed.

    Raises:
        UserError: all or none of them.
    """
    videos = {source.video for source in sources}
    chosen = frozenset(video for video in videos if _chance(video, seed) < fraction)
    if not 0 < len(chosen) < len(videos):
        raise UserError(
            "`val_fraction` should hold out some videos but not all (choose another `seed`, or "
            f"name them with `val_list`). Received: {fraction:g}, {len(chosen)} of {len(videos)}"
        )
    return chosen


def held_out_by_list(sources: list[Source], path: Path) -> frozenset[str]:
    """The videos that a file names, one per line, as paths below the folder of sources.

    Raises:
        UserError: no such file, or it names a video that is not among the sources.
    """
    chosen = frozenset(map(printable, read_lines(path)))
    unknown = sorted(chosen - {source.video for source in sources})
    if unknown or not chosen:
        raise UserError(
            f"`val_list` should name videos of the source, one per line. Received: {path} with "
            f"{', '.join(unknown[:3]) or 'none'}"
        )
    return chosen


def _chance(video, seed):
    """A number in [0, 1)."""
    digest = hashlib.sha256(f"{seed} {video}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
