"""Counts of the sources that the clips of a data set come from."""

import collections
import itertools

from dataset.rates import rate_key
from dataset.readers.source import Source
from support.media import known_rate

# Counts in a source's line of the journal: clips that would cross a cut, and that hardly move.
LEFT_OUT = ("cuts", "still")


class Tally:
    """Counts the clips of a data set and their sources.

    Attributes:
        clips: how many.
        labels: {name: clips}.
        rejected: {source: reason}.
        frames: how many sources have a number of frames.
        rates: {frames per second: number of sources}, where they are known.
        left_out: {one of `LEFT_OUT`: clips}, of the rules that were applied.

    Args:
        labels: all names of labels, in order.
    """

    def __init__(self, labels: list[str]):
        self.labels = dict.fromkeys(labels, 0)
        self.clips, self.rejected, self.frames = 0, {}, collections.Counter()
        self.rates = collections.Counter()
        self.left_out: dict[str, int] = {}

    def add(self, source: Source, line: dict, clips: int):
        """Counts a source by its line in the journal, and the clips that are taken of it."""
        self.clips += clips
        for name in LEFT_OUT:
            if name in line:
                self.left_out[name] = self.left_out.get(name, 0) + line[name]
        if source.label is not None:
            self.labels[source.label] += clips
        if "rejected" in line:
            self.rejected[source.name] = line["rejected"]
        else:
            self.frames[line["frames"]] += 1
            if fps := known_rate(line.get("fps")):
                self.rates[rate_key(fps)] += 1

    def describe_nothing(self, name: str) -> str:
        """Why the data set of this name has no clip."""
        if not self.rejected:
            return (
                f"`max_clips` was reached before any clip for {name}. Use more clips, or another "
                "`seed`."
            )
        reasons = (f"{name} {why}" for name, why in itertools.islice(self.rejected.items(), 3))
        part = "" if name == "train" else "held-out "
        return f"All {len(self.rejected)} {part}sources are rejected: {'; '.join(reasons)}"

    def rejected_lines(self) -> str:
        """One line per rejected source: its name, a tab, the reason."""
        return "".join(f"{name}\t{reason}\n" for name, reason in self.rejected.items())
