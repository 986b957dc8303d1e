"""Differences between two data sets, clip by clip."""

import dataclasses
from collections.abc import Callable

import numpy as np

from dataset.records import Records
from growth.ladder import Rung


@dataclasses.dataclass
class Difference:
    """Of the clips of the same index at a rung, in grey levels of 0 to 255."""

    rung: Rung
    compared: int = 0
    same: int = 0  # equal to the bit
    other_labels: int = 0
    mean: float = 0.0  # of the absolute difference, over all clips
    worst: int | None = None  # index of the clip with the largest mean
    worst_mean: float = 0.0
    worst_pixel: int = 0  # the largest difference within it

    def __str__(self):
        text = f"{self.rung}: {self.compared} compared, {self.same} the same"
        if self.other_labels:
            text += f", {self.other_labels} with another label"
        if self.worst is None:
            return text
        return (
            f"{text}, mean difference {self.mean:.3f} grey levels; worst clip {self.worst}: "
            f"mean {self.worst_mean:.3f}, up to {self.worst_pixel}"
        )


def compare(
    one: Records, other: Records, advance: Callable[[], None] = lambda: None
) -> list[Difference]:
    """Compares the clips of both, at all rungs that both have; `advance` is called after each."""
    there = {rung.shape for rung in other.ladder}
    count = min(len(one), len(other))
    differences = [Difference(rung) for rung in one.ladder if rung.shape in there]
    for difference in differences:
        for index in range(count):
            pair = [_read(records, difference.rung, index) for records in (one, other)]
            _add(difference, index, *pair)
            advance()
        difference.mean /= max(count, 1)
    return differences


def _add(difference, index, one, other):
    (clip, label), (other_clip, other_label) = one, other
    error = np.abs(clip.astype(np.int16) - other_clip)
    difference.compared += 1
    difference.same += not error.any()
    difference.other_labels += label != other_label
    difference.mean += error.mean()
    if error.mean() > difference.worst_mean:
        difference.worst, difference.worst_mean = index, float(error.mean())
        difference.worst_pixel = int(error.max())


def _read(records, rung, index):
    clip, label = records.clip(rung, index)
    return clip, records.label_names[label] if label >= 0 else None
