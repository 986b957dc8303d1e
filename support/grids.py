"""A grid of clips with a row for each of their groups, such as classes."""

from collections.abc import Sequence

import numpy as np

from support.captions import name_rows
from support.media import filmstrip, tile_clips


def tile_groups(
    clips: np.ndarray,
    groups: Sequence[str] | None,
    still: bool = False,
    plain: bool = False,
) -> np.ndarray:
    """Lays clips out with a row per group; white places follow those of a smaller group.

    Args:
        clips: [N, T, H, W, 3] uint8, those of a group one after the other.
        groups: the name of the group of each clip; None where there are none.
        still: whether to draw the frames of each clip side by side, in a row of its own.
        plain: whether to leave out the names.

    Returns:
        [T, H', W', 3] uint8; T is 1 where it is still.
    """
    if groups is None:
        return filmstrip(clips) if still else tile_clips(clips)
    names = list(dict.fromkeys(groups))
    members = [clips[[group == name for group in groups]] for name in names]
    columns = max(map(len, members))
    filled = np.full((len(names), columns, *clips.shape[1:]), 255, np.uint8)
    for row, group in zip(filled, members, strict=True):
        row[: len(group)] = group
    filled = filled.reshape(-1, *clips.shape[1:])
    sheet = filmstrip(filled) if still else tile_clips(filled, columns)
    return sheet if plain else name_rows(sheet, names)
