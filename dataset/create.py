"""Makes a data set of sources, in one pass over each of them.

Sources are shuffled by the seed. Threads decode them to their ends, cut, pool, and write the clips
of each to a part of its own; a damaged source leaves none. The parts are distributed over shards in
the order of the sources. So all bytes follow from the arguments: neither the number of threads nor
interruptions change them.
"""

import contextlib
import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from dataset.clips import STRETCH, ClipRules
from dataset.cutting import Cutter, Hopeless
from dataset.distribute import Distribution
from dataset.encoding import RAW, Encoding
from dataset.metadata_writer import write_metadata
from dataset.plan import check_space, max_num_clips
from dataset.pyramid import CENTRE, Framing
from dataset.readers.files import natural_key
from dataset.readers.source import Source
from dataset.shards import ShardWriter, clips_per_gigabyte
from dataset.tally import Tally
from dataset.unfinished import Unfinished
from dataset.workers import in_order
from growth.ladder import Ladder
from support.progress import Progress


def create_dataset(
    output: Path,
    sources: list[Source],
    ladder: Ladder,
    rules: ClipRules,
    *,
    framing: Framing = CENTRE,
    seed: int = 0,
    max_clips: int | None = None,
    shard_clips: int | None = None,
    encoding: Encoding = RAW,
    held_out: frozenset[str] = frozenset(),
    workers: int = 1,
    distribution: Distribution | None = None,
    about: dict,
) -> dict[str, str]:
    """Writes a data set to the new folder `output`; returns {source: why it was rejected}.

    If the work is stopped, a second call with the same arguments resumes it.

    Args:
        output: folder of the data set.
        sources: where the clips come from.
        ladder: the rungs to store.
        rules: which frames become a clip.
        framing: how frames are fitted to the size of the full clip.
        seed: of the order, and of random clips.
        max_clips: maximum number of clips.
        shard_clips: clips per shard; by default about a gigabyte of full ones.
        encoding: of the pixels within records.
        held_out: videos whose clips go to a data set of their own, `held_out_folder(output)`.
        workers: number of threads.
        distribution: makes the data set by Apache Beam, of the same `sources`, in place of threads.
        about: goes into the metadata as it is; the sources depend on its "arguments".

    Raises:
        UserError: no source can be used, the disk is too small, `output` exists, or work on it
            began with other arguments.
    """
    outputs = {"train": output} | ({"val": held_out_folder(output)} if held_out else {})
    if encoding.name == "raw":  # Compressed sizes are not known in advance.
        check_space(output, max_num_clips(sources, rules, max_clips) or 0, ladder)
    request = {
        "ladder": str(ladder),
        **dataclasses.asdict(rules),
        **dataclasses.asdict(framing),
        "seed": seed,
        "max_clips": max_clips,
        "shard_clips": shard_clips,
        "encoding": encoding.name,
        "quality": encoding.quality,
        "held_out": f"{len(held_out)} videos {_digest(sorted(held_out))}",
        "sources": f"{len(sources)} {_digest(repr((s.name, s.label)) for s in sources)}",
        **about.get("arguments", {}),
    }
    order = np.random.default_rng(seed).permutation(len(sources))
    places = [(int(i), sources[i].name) for i in order]
    sources = [sources[i] for i in order]
    with Unfinished(outputs, request) as work:
        try:
            if not work.is_complete:
                cutter = Cutter(ladder, rules, framing, encoding, seed, _labels(sources))
                size = shard_clips or _shard_size(ladder, rules)
                make = _Maker(work, sources, cutter, held_out, max_clips, size)
                if distribution:
                    distribution.make(work, cutter, places, make.shares, size, max_clips)
                make.data_sets(workers, about)
        except Hopeless:
            work.remove()
            raise
        work.publish()
    return {line["name"]: line["rejected"] for line in work.sources if "rejected" in line}


def held_out_folder(output: Path) -> Path:
    """The folder of the held-out clips of a data set."""
    return output.parent / f"{output.name}-val"


class _Maker:
    """Cuts sources into parts, and distributes the parts over the shards of the data sets."""

    def __init__(self, work, sources, cutter, held_out, max_clips, shard_clips):
        self.work, self.sources, self.cutter = work, sources, cutter
        self.held_out, self.max_clips, self.shard_clips = held_out, max_clips, shard_clips

    def data_sets(self, workers, about):
        cutter, names = self.cutter, self.work.outputs
        tallies = {name: Tally(cutter.labels) for name in names}
        writers = {
            name: ShardWriter(self.work, name, cutter.ladder, self.shard_clips, cutter.seed)
            for name in names
        }
        with self._lines(workers) as lines:
            for position, line, name, clips in self.shares(lines):
                tallies[name].add(self.sources[position], line, clips)
                writers[name].add(position, clips)
        for name in reversed(self.work.outputs):  # "train" last: then everything is complete.
            if not tallies[name].clips:
                raise Hopeless(tallies[name].describe_nothing(name))
            shards = writers[name].close()
            folder = self.work.paths.data_set(name)
            write_metadata(
                folder,
                cutter.ladder,
                cutter.encoding,
                shards,
                writers[name].fingerprints,
                tallies[name],
                cutter.rules,
                about,
            )

    def shares(self, lines):
        """Yields (position, line, data set, clips that it takes) of sources, up to `max_clips`."""
        left = self.max_clips
        for position, line in enumerate(lines):
            name = "val" if self.sources[position].video in self.held_out else "train"
            clips = len(range(line["clips"])[:left])
            yield position, line, name, clips
            if left is not None and (left := left - clips) == 0:
                return

    @contextlib.contextmanager
    def _lines(self, workers):
        """The journal's line of each source, in order; sources that it lacks are cut."""
        known = list(self.work.sources)
        left = range(len(known), len(self.sources))

        def lines(fresh):
            yield from known
            for line in fresh:
                self.work.add_source(line)
                yield line
                progress.advance()

        with (
            Progress(len(left), "sources") as progress,
            in_order(self._cut, left, workers) as fresh,
        ):
            yield lines(fresh)

    def _cut(self, position, stopped):
        part = self.work.paths.part(position)
        return self.cutter.cut(self.sources[position], position, part, stopped)


def _labels(sources):
    """All names of labels, in the order of their numbers."""
    names = {source.label for source in sources if source.label is not None}
    return sorted(names, key=natural_key)


def _shard_size(ladder, rules):
    """Records per shard, with which one of the full clips has up to about a gigabyte."""
    return 2**30 // STRETCH if rules.clip_rule == "windows" else clips_per_gigabyte(ladder)


def _digest(names):
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\n")
    return digest.hexdigest()[:12]
