"""A clip set whose clips are changed as they are read."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from metrics.controls import CONTROLS
from scoring.clip_sets import ClipSet
from scoring.single_frames import SingleFrames


def change(clips: ClipSet, control: str) -> ClipSet:
    """`clips` after a change; frames are taken out of clips that are changed before."""
    if isinstance(clips, SingleFrames):
        return SingleFrames(ChangedClips(clips.source, control), clips.pick, clips.seed)
    return ChangedClips(clips, control)


class ChangedClips:
    """The clips of another set after a change.

    Args:
        clips: the other set.
        control: name of the change (`metrics.controls`).
    """

    def __init__(self, clips: ClipSet, control: str):
        self._clips, self._change = clips, CONTROLS[control]
        self.about: dict[str, Any] = {"kind": f"{control} clips", "of": clips.about}

    def __len__(self) -> int:
        return len(self._clips)

    @property
    def label_names(self) -> list[str]:
        """Those of the other set."""
        return self._clips.label_names

    def labels(self) -> np.ndarray:
        """Those of the other set."""
        return self._clips.labels()

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`, changed."""
        indices = list(indices)
        for index, clip in zip(indices, self._clips.clips(indices), strict=True):
            yield self._change(clip, int(index))
