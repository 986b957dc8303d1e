"""Makes the parts and shards of a data set by Apache Beam, in rounds.

A round cuts some sources, in the order of the data set, and then joins all shards that are full.
What was made goes into the journal of the work, as if a call without Beam had been interrupted
there; such a call finishes the data set. So the bytes are the same, and either way can resume what
the other began.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

from dataset.beam import Beam
from dataset.cutting import Cutter, Hopeless
from dataset.readers.source_list import SourceList
from dataset.shards import shard_name, write_shard
from dataset.unfinished import Paths, Unfinished
from growth.ladder import Ladder
from support.files import clear_partial

Share = tuple[int, dict, str, int]  # position, line of the journal, data set, clips


@dataclasses.dataclass(frozen=True)
class Distribution:
    """Where sources are cut, and shards are joined."""

    beam: Beam
    sources: SourceList
    at_once: int = 2**14  # sources of a round; their clips are on the disk at the same time

    def make(
        self,
        work: Unfinished,
        cutter: Cutter,
        sources: list[tuple[int, str]],
        shares: Callable[[list[dict]], Iterator[Share]],
        shard_clips: int,
        max_clips: int | None,
    ):
        """Makes all parts and all full shards of the data sets, and adds them to the journal.

        Args:
            work: the data sets in the making.
            cutter: cuts sources.
            sources: index and name of each, in the order of the data set.
            shares: divides sources, by their lines of the journal, among the data sets, up to
                `max_clips`.
            shard_clips: clips per shard.
            max_clips: maximum number of clips.

        Raises:
            UserError: as `Cutter.cut`, or the workers fail.
        """
        paths = Paths(work.folder.absolute())  # The same for all workers.
        while True:
            done = list(shares(work.sources))
            self._join(work, paths, cutter, done, shard_clips)
            begin, size = len(work.sources), self.at_once
            if max_clips is not None:
                size = min(size, max_clips - sum(clips for *_, clips in done))
            items = {
                f"{position:08d}": (position, *sources[position])
                for position in range(len(sources))[begin : begin + size]
            }
            if not items:
                return
            cut = _Cut(self.sources, cutter, paths)
            where = (paths.beam / f"cut-{begin:08d}", "sources", (Hopeless,))
            with self.beam.results(cut, items, *where) as lines:
                clear_partial(work.folder)
                count = sum(1 for _ in shares([*work.sources, *lines]))
                for line in lines[: count - begin]:
                    work.add_source(line)

    def _join(self, work, paths, cutter, shares, size):
        """Joins the full shards that are not there, and deletes the parts that are used up."""
        items, pending = {}, set()
        for name in work.outputs:
            for number, clips in enumerate(_divide(shares, name, size)):
                if len(clips) < size:
                    pending = pending | {position for position, _ in clips}
                elif shard_name(name, number) not in work.shards:
                    items[f"{name}-{number:05d}"] = (name, number, clips)
        join = _Join(paths, cutter.ladder, cutter.seed)
        with self.beam.results(join, items, paths.beam / "join", "shards") as results:
            clear_partial(work.folder)
            for (name, number, _), result in zip(items.values(), results, strict=True):
                work.add_shard(shard_name(name, number), result["files"])
        for position in paths.parts() - pending:
            if position < len(work.sources):
                paths.part(position).unlink()


def _divide(shares, data_set, size):
    """Yields (position of the part, number in it) of the clips of each shard of a data set."""
    clips = (
        (position, number)
        for position, _, name, count in shares
        if name == data_set
        for number in range(count)
    )
    while shard := list(itertools.islice(clips, size)):
        yield shard


@dataclasses.dataclass(frozen=True)
class _Cut:
    sources: SourceList
    cutter: Cutter
    paths: Paths

    def __call__(self, item):
        position, index, name = item
        source = self.sources.find(index, name)
        return self.cutter.cut(source, position, self.paths.part(position))


@dataclasses.dataclass(frozen=True)
class _Join:
    paths: Paths
    ladder: Ladder
    seed: int

    def __call__(self, item):
        name, number, clips = item
        files = write_shard(self.paths, name, self.ladder, self.seed, number, clips)
        return {"files": files, "clips": len(clips)}
