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
from dataset.cuts import count_crossing, cut_within, find_shots
from dataset.encoding import RAW, Encoding
from dataset.metadata_writer import write_metadata
from dataset.plan import check_space, max_num_clips
from dataset.pyramid import CENTRE, Framing, Pooled, fit, pool_time, quantise
from dataset.readers.files import natural_key
from dataset.readers.source import Frames, RejectedSource, Source
from dataset.records import encode
from dataset.shards import ShardWriter, clips_per_gigabyte, write_records
from dataset.tally import LEFT_OUT, Tally
from dataset.unfinished import Unfinished
from dataset.windows import scale_of
from dataset.workers import Stopped, in_order
from growth.ladder import Ladder
from metrics.motion import motion_energy
from support.errors import UserError
from support.progress import Progress


class _Hopeless(UserError):
    """The request cannot be fulfilled with these sources: there is nothing to resume."""


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
    sources = [sources[i] for i in order]
    with Unfinished(outputs, request) as work:
        try:
            if not work.is_complete:
                make = _Maker(work, sources, ladder, rules, framing, seed, encoding, held_out)
                size = shard_clips or _shard_size(ladder, rules)
                make.data_sets(max_clips, size, workers, about)
        except _Hopeless:
            work.remove()
            raise
        work.publish()
    return {line["name"]: line["rejected"] for line in work.sources if "rejected" in line}


def held_out_folder(output: Path) -> Path:
    """The folder of the held-out clips of a data set."""
    return output.parent / f"{output.name}-val"


class _Maker:
    """Cuts sources into parts, and distributes the parts over the shards of the data sets."""

    def __init__(self, work, sources, ladder, rules, framing, seed, encoding, held_out):
        self.work, self.sources, self.ladder, self.rules = work, sources, ladder, rules
        self.framing, self.seed, self.encoding, self.held_out = framing, seed, encoding, held_out
        names = {source.label for source in sources if source.label is not None}
        self.labels = sorted(names, key=natural_key)

    def data_sets(self, max_clips, shard_clips, workers, about):
        tallies = {name: Tally(self.labels) for name in self.work.outputs}
        writers = {
            name: ShardWriter(self.work, name, self.ladder, shard_clips, self.seed)
            for name in self.work.outputs
        }
        left = max_clips
        with self._lines(workers) as lines:
            for position, (source, line) in enumerate(zip(self.sources, lines, strict=True)):
                name = "val" if source.video in self.held_out else "train"
                clips = len(range(line["clips"])[:left])
                tallies[name].add(source, line, clips)
                writers[name].add(position, clips)
                if left is not None and (left := left - clips) == 0:
                    break
        for name in reversed(self.work.outputs):  # "train" last: then everything is complete.
            if not tallies[name].clips:
                raise _Hopeless(tallies[name].describe_nothing(name))
            shards = writers[name].close()
            folder = self.work.data_set(name)
            write_metadata(
                folder,
                self.ladder,
                self.encoding,
                shards,
                writers[name].fingerprints,
                tallies[name],
                self.rules,
                about,
            )

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
        """Writes the part of a source; returns the line of the journal."""
        source = self.sources[position]
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
                raise _Hopeless(f"{source.name} {error}") from error

        try:
            write_records(self.work.part(position), records())
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


def _shard_size(ladder, rules):
    """Records per shard, with which one of the full clips has up to about a gigabyte."""
    return 2**30 // STRETCH if rules.clip_rule == "windows" else clips_per_gigabyte(ladder)


def _digest(names):
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + b"\n")
    return digest.hexdigest()[:12]
