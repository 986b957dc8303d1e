"""Makes a data set of sources: two passes over them, in threads.

The first pass decodes every source to its end, so that damaged and short ones are known, and the
number of clips with them, before anything is written. The second cuts, pools and writes. Sources
are shuffled, sixteen are open at a time, a clip is taken of each in turn, and the clips are dealt
to the shards at random; all of it follows from the seed and not from the number of threads.
"""

import collections
import dataclasses
import itertools
import shutil
from pathlib import Path

import numpy as np

from dataset.clips import ClipRules
from dataset.pyramid import fit, pyramid, quantise
from dataset.readers.source import RejectedSource, Source
from dataset.records import encode, write_metadata, write_shards
from dataset.workers import interleave
from growth.ladder import Ladder
from support.errors import UserError
from support.files import new_folder
from support.progress import Progress

MAX_SHARDS = 100  # Of a rung; all are open at once.


@dataclasses.dataclass(frozen=True)
class Cut:
    """A source, the frames at which its clips begin, and the number of its label."""

    source: Source
    starts: list[int]
    label: int


def create_dataset(
    output: Path,
    sources: list[Source],
    ladder: Ladder,
    rules: ClipRules,
    *,
    seed: int = 0,
    max_clips: int | None = None,
    shards: int | None = None,
    workers: int = 1,
    about: dict,
) -> dict[str, str]:
    """Writes a data set to the new folder `output`; returns {source: why it was rejected}.

    `about` (where the clips are from, for the reader) goes into the metadata as it is.

    Raises:
        UserError: no source can be used, no room, or `output` exists.
    """
    random = np.random.default_rng(seed)
    sources = [sources[i] for i in random.permutation(len(sources))]
    names = sorted({source.label for source in sources if source.label is not None})
    with new_folder(output) as folder:
        cuts, rejected = _survey(sources, names, rules, seed, max_clips, workers)
        count = sum(len(cut.starts) for cut in cuts)
        _check_space(output, folder, count, ladder)
        shard_of = random.permutation(np.arange(count) % _number_of_shards(shards, count, ladder))
        with interleave(_clips(ladder, rules), cuts, workers) as clips:
            written = write_shards(folder, ladder, _counted(clips, count), shard_of)
        labels = collections.Counter()
        for cut in cuts:
            labels[cut.label] += len(cut.starts)
        write_metadata(
            folder,
            ladder,
            written,
            clips=count,
            labels=[{"name": name, "clips": labels[i]} for i, name in enumerate(names)],
            rejected=len(rejected),
            **about,
        )
        lines = [f"{name}\t{reason}\n" for name, reason in rejected.items()]
        (folder / "rejected.txt").write_text("".join(lines))
    return rejected


def _survey(sources, names, rules, seed, max_clips, workers):
    """The first pass: what to cut out of which source, and why others are rejected."""

    def look(item, stopped):
        position, source = item
        try:
            frames = itertools.takewhile(lambda _: not stopped(), source.frames())
            count = sum(1 for _ in frames)
            yield source, rules.starts(count, np.random.default_rng([seed, position])), None
        except RejectedSource as error:
            yield source, [], error
        except UserError as error:
            raise UserError(f"{source.name} {error}") from error

    cuts, rejected, left = [], {}, max_clips
    progress = Progress(len(sources), "sources looked at")
    with interleave(look, enumerate(sources), workers) as results:
        for source, starts, error in results:
            progress.advance()
            if error:
                rejected[source.name] = str(error)
                continue
            label = -1 if source.label is None else names.index(source.label)
            cuts.append(Cut(source, starts[:left], label))
            if max_clips is not None and (left := left - len(cuts[-1].starts)) == 0:
                break
    progress.close()
    if not cuts:
        reasons = "; ".join(f"{name} {why}" for name, why in itertools.islice(rejected.items(), 3))
        raise UserError(f"All {len(rejected)} sources are rejected: {reasons}")
    return cuts, rejected


def _clips(ladder, rules):
    """The second pass: work for a thread, which yields each clip's records, one a rung."""

    def work(cut, stopped):
        frames = (fit(frame, *ladder[-1].shape[1:]) for frame in cut.source.frames())
        frames = itertools.takewhile(lambda _: not stopped(), frames)
        try:
            for clip in rules.cut(frames, cut.starts):
                yield [encode(quantise(rung), cut.label) for rung in pyramid(clip, ladder)]
        except RejectedSource as error:
            raise UserError(f"{cut.source.name} changed while it was read: {error}") from error

    return work


def _counted(clips, count):
    progress = Progress(count, "clips")
    for clip in clips:
        yield clip
        progress.advance()
    progress.close()


def _number_of_shards(shards, count, ladder):
    """By default as many as bring a shard of the full clips to about a gigabyte."""
    return min(shards or 1 + count * _bytes(ladder[-1]) // 2**30, MAX_SHARDS, count)


def _check_space(output, folder, count, ladder):
    needed, free = count * sum(map(_bytes, ladder)), shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{output} should have {needed / 1e6:.1f} MB free for {count} clips. "
            f"Received: {free / 1e6:.1f} MB"
        )


def _bytes(rung):
    """About the size of a record: the pixels, and what TFRecord and Example add."""
    return 3 * rung.frames * rung.height * rung.width + 80
