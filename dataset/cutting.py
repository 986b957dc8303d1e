"""Cuts a source into clips, and writes them at every rung to a part of its own."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dataset.clips import ClipRules
from dataset.cuts import count_crossing, cut_within, find_shots
from dataset.encoding import Encoding
from dataset.examples import encode
from dataset.pyramid import Framing, Pooled, fit, pool_time, quantise
from dataset.readers.source import Frames, RejectedSource, Source
from dataset.shards import write_records
from dataset.tally import LEFT_OUT
from dataset.windows import scale_of
from dataset.workers import Stopped
from growth.ladder import Ladder
from metrics.motion import motion_energy
from support.errors import UserError


class Hopeless(UserError):
    """The request cannot be fulfilled with these sources: there is nothing to resume."""


@dataclasses.dataclass(frozen=True)
class Cutter:
    """How sources become parts. The bytes of a part follow from this and the source's position."""

    ladder: Ladder
    rules: ClipRules
    framing: Framing
    encoding: Encoding
    seed: int  # of random clips
    labels: list[str]  # all names, in the order of their numbers

    def cut(
        self, source: Source, position: int, part: Path, stopped: Callable[[], bool] = lambda: False
    ) -> dict:
        """Writes the part of a source, unless the source is rejected.

        Args:
            source: is read to its end.
            position: of the source in the order of the data set.
            part: the file to write.
            stopped: whether to end early.

        Returns:
            The source's line of the journal (see `unfinished`).

        Raises:
            Hopeless: a source is short, and `short` is "error".
            UserError: the part cannot be written.
            Stopped: `stopped()` became true.
        """
        line = {"name": source.name, "clips": 0}

        def frames():
            stream, count = Frames(source.frames()), 0
            for frame in stream:
                if stopped():
                    raise Stopped
                count += 1
                yield frame
            line.update(frames=count, fps=stream.rate)

        def prepare(frame):
            fitted = fit(np.asarray(frame), *self.ladder[-1].shape[1:], self.framing)
            return Pooled(fitted, self.ladder)  # Once, however many clips it is in.

        def records():
            try:
                for clip in self._clips(position, frames, prepare, line):
                    yield from self._encode(clip, source)
                    line["clips"] += 1
            except RejectedSource:
                raise
            except UserError as error:
                raise Hopeless(f"{source.name} {error}") from error

        try:
            write_records(part, records())
        except RejectedSource as error:
            counts = {name: line[name] for name in LEFT_OUT if name in line}
            return {"name": source.name, "clips": 0, "rejected": str(error), **counts}
        return line

    def _clips(self, position, frames, prepare, line):
        """The clips of a source; counts in `line` those that `cuts` and `min_motion` leave out."""
        random, rules = self._random(position), self.rules
        if rules.cuts == "skip":
            shots = find_shots(frames())
            line["cuts"] = count_crossing(rules, shots, self._random(position))
            clips = cut_within(rules, shots, frames, random, prepare)
        else:
            clips = rules.cut(frames, random, prepare)
        if not rules.min_motion:
            yield from clips
            return
        line["still"], largest = 0, 0.0
        for clip in clips:
            motion = motion_energy(np.stack([frame.rungs[-1] for frame in clip])[None])[0]
            if motion >= rules.min_motion:
                yield clip
            else:
                line["still"], largest = line["still"] + 1, max(largest, motion)
        if line["still"] and not line["clips"]:
            raise RejectedSource(
                f"should change by at least {rules.min_motion:g} grey levels from frame to frame. "
                f"Received: {largest:.3g}"
            )

    def _random(self, position):
        return np.random.default_rng([self.seed, 2, position])

    def _encode(self, frames, source):
        """The records of a clip, or of a stretch of video, one per rung."""
        label = -1 if source.label is None else self.labels.index(source.label)
        if self.rules.clip_rule != "windows":
            for rung, clip in zip(self.ladder, pool_time(frames, self.ladder), strict=True):
                yield encode(quantise(clip), label, self.encoding.at(rung))
            return
        for level, rung in enumerate(self.ladder):
            stretch = np.stack([frame.rungs[level] for frame in frames])
            encoding = self.encoding.at(rung)
            scale = scale_of(self.ladder, level, encoding.name)
            yield encode(quantise(stretch) if scale == 1 else stretch, label, encoding, scale)
