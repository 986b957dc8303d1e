"""Numbers that describe the clips of a data set."""

import dataclasses
from collections.abc import Callable

import numpy as np

from dataset.oddities import KINDS, oddity
from dataset.records import Records
from growth.ladder import Rung
from support.media import evenly

_BINS = 10


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Of some clips at a rung."""

    rung: Rung
    clips: int
    colour: np.ndarray  # [3] mean of red, green, blue, 0 to 255
    deviation: np.ndarray  # [3] standard deviation over all pixels
    motion: np.ndarray  # [clips]
    oddities: dict[str, list[int]]  # {kind of `dataset.oddities`: indices of clips}


def measure(
    records: Records,
    rung: Rung,
    num: int,
    motion: Callable[[np.ndarray], np.ndarray],
    advance: Callable[[], None] = lambda: None,
) -> Statistics:
    """Measures `num` clips, evenly chosen.

    Args:
        records: the data set.
        rung: the size of the clips.
        num: how many, or all where there are fewer.
        motion: returns a number for each of clips [N, T, H, W, 3] in [-1, 1].
        advance: called after each clip.
    """
    sums, squares, energies = np.zeros(3), np.zeros(3), []
    oddities = {kind: [] for kind in KINDS}
    indices = evenly(len(records), num)
    for index in indices:
        clips = records.clips(rung, [index])
        sums += clips.mean((0, 1, 2, 3))
        squares += (clips.astype(np.float32) ** 2).mean((0, 1, 2, 3), dtype=np.float64)
        energies.append(motion(clips / np.float32(127.5) - 1)[0])
        if kind := oddity(clips[0]):
            oddities[kind].append(int(index))
        advance()
    mean = sums / len(indices)
    deviation = np.sqrt(np.maximum(squares / len(indices) - mean**2, 0))
    oddities = {kind: clips for kind, clips in oddities.items() if clips}
    return Statistics(rung, len(indices), mean, deviation, np.array(energies), oddities)


def length_table(source_frames: dict[str, int]) -> list[tuple[int, int, int]]:
    """(shortest, longest, number) of sources by their frames, in up to ten equal ranges."""
    lengths = {int(frames): number for frames, number in source_frames.items()}
    if not lengths:
        return []
    first, last = min(lengths), max(lengths)
    width = -(-(last - first + 1) // _BINS)
    ranges = [(begin, min(begin + width - 1, last)) for begin in range(first, last + 1, width)]
    return [(a, b, sum(n for frames, n in lengths.items() if a <= frames <= b)) for a, b in ranges]
