"""Which frames of a source become a clip."""

import collections
import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from dataset.readers.source import RejectedSource
from support.errors import UserError

CLIP_RULES = ("centre", "random", "first", "all")
SHORT_RULES = ("skip", "loop", "hold", "error")


@dataclasses.dataclass(frozen=True)
class ClipRules:
    """How clips are cut out of a source."""

    num_frames: int  # of a clip
    clip_rule: str = "centre"  # one clip a source, or "all": one window after the other
    frame_stride: int = 1  # takes every n-th frame
    clip_stride: int | None = None  # frames from window to window; by default they do not overlap
    short: str = "skip"  # a source shorter than a clip: skip, loop, hold (its last frame), error

    @property
    def span(self) -> int:
        """Frames of the source from a clip's first to its last."""
        return (self.num_frames - 1) * self.frame_stride + 1

    def starts(self, count: int, random: np.random.Generator) -> list[int]:
        """Where the clips of a source of `count` frames begin, ascending.

        Raises:
            RejectedSource: too short, and short ones are skipped, or no frames at all.
            UserError: too short, and `short` is "error".
        """
        if count < self.span and (count == 0 or self.short in ("skip", "error")):
            kind = UserError if self.short == "error" else RejectedSource
            raise kind(f"should have at least {self.span} frames. Received: {count}")
        last = max(count - self.span, 0)
        if self.clip_rule == "all":
            return list(range(0, last + 1, self.clip_stride or self.num_frames * self.frame_stride))
        chosen = {"first": 0, "centre": last // 2, "random": random.integers(last + 1)}
        return [int(chosen[self.clip_rule])]

    def cut(self, frames: Iterable[np.ndarray], starts: list[int]) -> Iterator[np.ndarray]:
        """Yields the clips [T, H, W, C] that begin at `starts`; holds one clip's span at a time."""
        if self.short == "loop":
            frames = itertools.cycle(frames) if starts == [0] else frames
        elif self.short == "hold":
            frames = _hold(frames)
        window, ends = collections.deque(maxlen=self.span), {s + self.span for s in starts}
        for end, frame in enumerate(itertools.islice(frames, max(ends)), start=1):
            window.append(frame)
            if end in ends:
                yield np.stack(list(window)[:: self.frame_stride])


def _hold(frames):
    for frame in frames:
        yield frame
    while True:
        yield frame
