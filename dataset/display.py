"""A picture of a data set: a few clips at every rung."""

import numpy as np

from dataset.records import Records
from support.media import filmstrip, tile_clips


def contact_sheet(records: Records, num: int, still: bool) -> np.ndarray:
    """The first `num` clips, every rung repeated up to the size of the full clip.

    Returns:
        [T, H', W', 3] uint8: clips as columns, rungs as rows, coarsest on top. With `still` one
        frame: for each clip and rung a row of up to eight frames.
    """
    num, top = min(num, len(records)), records.ladder[-1].shape
    rungs = []
    for rung in records.ladder:
        clips = records.clips(rung, range(num))
        for axis, (size, full) in enumerate(zip(rung.shape, top, strict=True), start=1):
            clips = clips.repeat(full // size, axis=axis)
        rungs.append(clips)
    if still:
        return filmstrip(np.stack(rungs, axis=1).reshape(-1, *top, 3))
    return tile_clips(np.concatenate(rungs), columns=num)
