"""Labelled clips that a classifier is trained and measured on."""

import dataclasses

import numpy as np

from scoring.clip_sets import ClipSet
from support.errors import UserError

_MIN_BRIGHTNESS, _MAX_BRIGHTNESS = 0.8, 1.25  # factors that brightness is changed by


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Some clips of a set, with their labels."""

    clips: ClipSet
    indices: np.ndarray  # [N]
    labels: np.ndarray  # [N]

    @classmethod
    def all_of(cls, clips: ClipSet) -> "Labelled":
        """All clips; raises `UserError` unless every clip has a label and there are two labels."""
        labels = clips.labels()
        if len(clips.label_names) < 2 or labels.min() < 0:
            raise UserError(
                f"Cannot train a classifier on {_name(clips)}: it has {len(clips.label_names)} "
                "labels, and at least two are needed. Create it with labels."
            )
        return cls(clips, np.arange(len(clips)), labels)

    def split(self, val_fraction: float, seed: int) -> tuple["Labelled", "Labelled"]:
        """Splits off a random `val_fraction` of every class that has two clips or more.

        Returns:
            The clips that remain, and those split off.

        Raises:
            UserError: `val_fraction` is not between 0 and 1, or no class has two clips.
        """
        if not 0 < val_fraction < 1:
            raise UserError(f"`val_fraction` should be between 0 and 1. Received: {val_fraction}")
        random = np.random.default_rng(seed)
        held = np.zeros(len(self.indices), bool)
        for label in np.unique(self.labels):
            members = random.permutation(np.flatnonzero(self.labels == label))
            num_held = min(max(1, round(val_fraction * len(members))), len(members) - 1)
            held[members[:num_held]] = True
        if not held.any():
            raise UserError(
                f"Cannot hold out clips of {_name(self.clips)}: no label has two clips. "
                "Use another data set as held-out clips."
            )
        rest, split = (
            Labelled(self.clips, self.indices[mask], self.labels[mask]) for mask in (~held, held)
        )
        return rest, split


def augment(clip: np.ndarray, seed: list[int], crop: float, mirror: bool) -> np.ndarray:
    """A random crop of `clip` uint8 [T, H, W, 3], brighter or darker, perhaps mirrored.

    Args:
        clip: to change.
        seed: of the random choices.
        crop: maximum share of height and width that is cut off.
        mirror: whether half of the clips are mirrored.
    """
    random = np.random.default_rng(seed)
    for axis in (1, 2):
        size = clip.shape[axis]
        kept = size - random.integers(int(crop * size) + 1)
        begin = random.integers(size - kept + 1)
        clip = np.take(clip, range(begin, begin + kept), axis)
    if mirror and random.random() < 0.5:
        clip = clip[:, :, ::-1]
    factor = np.exp(random.uniform(np.log(_MIN_BRIGHTNESS), np.log(_MAX_BRIGHTNESS)))
    return np.clip(np.rint(clip * factor), 0, 255).astype(np.uint8)


def channel_statistics(train: Labelled, max_clips: int = 256) -> tuple[np.ndarray, float]:
    """Statistics of up to `max_clips` clips.

    Returns:
        The means of blue, green and red, [3] float32, and the standard deviation from them.
    """
    sums, squares, count = np.zeros(3), np.zeros(3), 0
    for clip in train.clips.clips(train.indices[:max_clips]):
        pixels = clip.reshape(-1, 3).astype(np.float64)
        sums, squares = sums + pixels.sum(0), squares + np.square(pixels).sum(0)
        count += len(pixels)
    means = sums / count
    deviation = np.sqrt((squares / count - np.square(means)).mean())
    return means[::-1].astype(np.float32), float(deviation)


def _name(clips):
    return clips.about.get("folder", f"the {clips.about['kind']}")
