"""Clip sets of single frames, for measures that judge appearance alone."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from scoring.clip_sets import ClipSet, Unlabelled


class SingleFrames:
    """Frames of the clips of another set, each of them a clip of one frame.

    A network of clips repeats the frame, and so judges the frozen clip.

    Args:
        clips: the other set.
        pick: "random": one frame per clip, by `seed` and the clip's index alone; "all": each frame,
            in order, of clips of equal lengths; or the number of a frame.
        seed: of the random frames.
    """

    def __init__(self, clips: ClipSet, pick: Literal["random", "all"] | int, seed: int = 0):
        self.source, self.pick, self.seed = clips, pick, seed
        self._per_clip = len(next(clips.clips([0]))) if pick == "all" else 1
        self.about: dict[str, Any] = {
            **clips.about,
            "kind": f"frames of {clips.about['kind']}",
            "frame": pick,
            "frames_per_clip": self._per_clip,
        }

    def __len__(self) -> int:
        return len(self.source) * self._per_clip

    @property
    def label_names(self) -> list[str]:
        """Those of the other set."""
        return self.source.label_names

    def labels(self) -> np.ndarray:
        """Those of the other set, one per frame."""
        return np.repeat(self.source.labels(), self._per_clip)

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the frames `indices`, each [1, H, W, 3]."""
        indices = [int(index) for index in indices]
        read = self.source.clips([index // self._per_clip for index in indices])
        for index, clip in zip(indices, read, strict=True):
            frame = self._choose(index, len(clip))
            yield clip[frame : frame + 1]

    def _choose(self, index, frames):
        if self.pick == "all":
            return index % self._per_clip
        if self.pick == "random":
            return int(np.random.default_rng((self.seed, 5, index)).integers(frames))
        return self.pick


class StoredClips(Unlabelled):
    """Some clips of another set in a temporary file, so that each is made or read once.

    Args:
        clips: the other set, of clips of one size.
        indices: which of its clips, in this order.
    """

    def __init__(self, clips: ClipSet, indices: Sequence[int] | np.ndarray):
        with tempfile.TemporaryFile() as file:
            for clip in clips.clips(indices):
                file.write(np.ascontiguousarray(clip).data)
                shape = clip.shape
            file.flush()
            self._array = np.memmap(file, np.uint8, "r", shape=(len(indices), *shape))
        parts = [int(index) for index in indices]
        self.about: dict[str, Any] = {**clips.about, "clips": len(parts)}
        if "sha256" in self.about:  # Another set than the one that it is a part of.
            self.about["sha256"] = f"{self.about['sha256']}, clips {parts}"

    def __len__(self) -> int:
        return len(self._array)

    def clips(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yields the clips `indices`."""
        for index in indices:
            yield np.array(self._array[index])
