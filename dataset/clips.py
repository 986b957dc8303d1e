"""Which frames of a source become a clip; found in one pass over its frames where possible."""

import collections
import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from dataset.readers.source import RejectedSource
from support.errors import UserError

CLIP_RULES = ("centre", "random", "first", "all", "windows")
CUT_RULES = ("keep", "skip")
SHORT_RULES = ("skip", "loop", "hold", "error")
KEPT = 2**28  # bytes of frames that wait for the end of a source
STRETCH = 2**25  # bytes of the frames of a stretch, as far as it has two windows


@dataclasses.dataclass(frozen=True)
class ClipRules:
    """How clips are cut out of a source."""

    num_frames: int  # of a clip
    # One clip per source; "all": one window after the other; "windows": the whole source, of which
    # training takes windows.
    clip_rule: str = "centre"
    frame_stride: int = 1  # every n-th frame is taken
    clip_stride: int | None = None  # frames from window to window; by default they do not overlap
    short: str = "skip"  # for sources shorter than a clip: skip, loop, hold (the last frame), error
    cuts: str = "keep"  # "skip": clips stay within a shot
    min_motion: float = 0.0  # mean change from frame to frame in grey levels of clips to take

    @property
    def span(self) -> int:
        """Frames of the source from a clip's first to its last."""
        return (self.num_frames - 1) * self.frame_stride + 1

    @property
    def step(self) -> int:
        """Frames from window to window, with the rule "all"."""
        return self.clip_stride or self.num_frames * self.frame_stride

    def windows(self, count: int) -> range:
        """Where the clips of a source of `count` frames begin with the rule "all"."""
        return range(0, count - self.span + 1, self.step)

    def starts(self, count: int, random: np.random.Generator) -> list[int]:
        """Where the clips of a source of `count` frames begin, ascending.

        Raises:
            RejectedSource: too short, and short ones are skipped, or no frames at all.
            UserError: too short, and `short` is "error".
        """
        self._check_length(count)
        last = max(count - self.span, 0)
        if self.clip_rule == "all":
            return list(self.windows(max(count, self.span)))
        chosen = {"centre": last // 2, "random": int(random.integers(last + 1))}
        return [chosen.get(self.clip_rule, 0)]

    def _check_length(self, count):
        if count < self.span and (count == 0 or self.short in ("skip", "error")):
            kind = UserError if self.short == "error" else RejectedSource
            raise kind(f"should have at least {self.span} frames. Received: {count}")

    def cut(
        self,
        open_frames: Callable[[], Iterator[np.ndarray]],
        random: np.random.Generator,
        prepare: Callable[[np.ndarray], np.ndarray] = lambda frame: frame,
    ) -> Iterator[np.ndarray]:
        """Yields the clips of a source, each an array [T, ...] of what `prepare` made of frames.

        The rule "windows" yields stretches: all frames of a source, or parts of a long one that
        share so many frames that no window is lost.

        Every source is read to its end, since damage may be there: after an error that follows a
        clip, the clip should not be used. "first" and "all" hold a window of prepared frames, and
        "windows" two stretches.
        "centre" and "random" depend on the end, and keep the frames up to it while they fit into
        `KEPT` bytes; otherwise they read the source again, as far as the clip.

        Args:
            open_frames: opens the source's frames; may be called twice.
            random: for the rule "random".
            prepare: changes the frames of clips.

        Raises:
            RejectedSource, UserError: as `starts`, and what reading the frames raises.
        """
        if self.clip_rule == "windows":
            return self._cut_stretches(map(prepare, open_frames()))
        if self.clip_rule in ("first", "all"):
            return self._cut_windows(open_frames(), random, prepare)
        return self._cut_one(open_frames, random, prepare)

    def _cut_windows(self, frames, random, prepare):
        window, count = collections.deque(maxlen=self.span), 0
        for count, frame in enumerate(frames, start=1):
            begin = count - self.span
            if self.clip_rule == "first" and begin > 0:
                continue
            window.append(prepare(frame))
            if begin >= 0 and begin % self.step == 0:
                yield np.stack([window[i] for i in range(0, self.span, self.frame_stride)])
        if count < self.span:
            self._check_length(count)
            yield np.stack([window[i] for i in self._places(0, count)])

    def _cut_stretches(self, frames):
        kept, is_first, limit = [], True, 0
        for frame in frames:
            kept.append(frame)
            limit = limit or max(2 * self.span, STRETCH // frame.nbytes)
            if len(kept) == 2 * limit:
                yield np.stack(kept[:limit])
                kept, is_first = kept[limit - self.span + 1 :], False
        if is_first and len(kept) < self.span:
            self._check_length(len(kept))
            yield np.stack([kept[self._place(i, len(kept))] for i in range(self.span)])
        elif len(kept) <= limit:
            yield np.stack(kept)
        else:
            middle = (len(kept) - self.span + 1) // 2
            yield np.stack(kept[: middle + self.span - 1])
            yield np.stack(kept[middle:])

    def _cut_one(self, open_frames, random, prepare):
        kept, size, count = [], 0, 0
        for frame in open_frames():
            count += 1
            size += frame.nbytes
            if size <= KEPT:
                kept.append(frame)
            else:
                kept.clear()
        (begin,) = self.starts(count, random)
        places = self._places(begin, count)
        wanted = set(places)
        found = {}
        for place, frame in enumerate(kept or open_frames()):
            if place in wanted:
                found[place] = prepare(frame)
            if place == max(places):
                break
        if len(found) < len(wanted):
            raise RejectedSource(f"should have {count} frames, as before. Received: fewer")
        yield np.stack([found[place] for place in places])

    def _places(self, begin, count):
        """The numbers of the frames, out of `count`, of the clip at `begin`."""
        places = range(begin, begin + self.span, self.frame_stride)
        return [self._place(place, count) for place in places]

    def _place(self, place, count):
        return place % count if self.short == "loop" else min(place, count - 1)
