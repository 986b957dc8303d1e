"""The start of a job on a data set of many shards: opening, checks, and the first batches.

    python benchmarks/large_set.py --data=DATA                  # 1,000 shards of 1,000 clips
    python benchmarks/large_set.py --data=DATA --shards=100

The data set is written first, unless DATA has one: tiny clips of noise at two rungs, with labels.
Prints a row in Markdown per part of the start: seconds, seconds of CPU time (which count on a busy
machine), and the peak of memory so far, above that of the process before. Results:
large_set_cpu_202611.md.
"""

import argparse
import concurrent.futures
import functools
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from benchmarks.report import machine
from dataset.clips import ClipRules
from dataset.damage import damaged_clips
from dataset.encoding import RAW
from dataset.examples import encode
from dataset.metadata import Shard
from dataset.metadata_writer import write_metadata
from dataset.pipeline import ClipPipeline
from dataset.records import Records, open_records
from dataset.shards import write_records
from dataset.tally import Tally
from dataset.tfrecords import fingerprint
from growth.ladder import Ladder, make_ladder
from support.errors import UserError
from support.files import sha256
from support.progress import Progress
from support.script import run_script

LABELS = [f"class {number}" for number in range(10)]


def write_data(folder: Path, shards: int, shard_clips: int, ladder: str):
    """Writes a data set of clips of noise; each finer rung repeats the pixels of the coarser."""
    rungs = make_ladder(ladder)
    random, tally = np.random.default_rng(0), Tally(LABELS)
    files, known = ({str(rung): [] for rung in rungs} for _ in range(2))
    with Progress(shards, "shards written") as progress:
        for number in range(shards):
            clips = random.integers(0, 256, (shard_clips, *rungs[0].shape, 3), np.uint8)
            labels = np.arange(shard_clips) % len(LABELS)
            for level, rung in enumerate(rungs):
                if level:
                    clips = _repeat(clips, rungs.factors(level))
                records = list(_records(clips, labels))
                file = f"{rung}/{number:05d}.tfrecord"
                path = folder / file
                write_records(path, records)
                files[str(rung)].append(Shard(file, shard_clips, path.stat().st_size, sha256(path)))
                known[str(rung)] += fingerprint(np.array(records, object)).numpy().tolist()
            tally.clips += shard_clips
            for label, count in enumerate(np.bincount(labels, minlength=len(LABELS)).tolist()):
                tally.labels[LABELS[label]] += count
            progress.advance()
    about = {"tool_version": "benchmark", "arguments": {}}
    rules = ClipRules(rungs[-1].frames)
    write_metadata(folder, rungs, RAW, files, known, tally, rules, about)


def _repeat(clips, factors):
    for axis, factor in enumerate(factors, start=1):
        clips = np.repeat(clips, factor, axis)
    return clips


def _records(clips, labels) -> Iterator[bytes]:
    """The records of clips; the bytes around the pixels are those of a pattern that is replaced."""
    pattern = np.arange(clips[0].size, dtype=np.uint8).reshape(clips[0].shape)
    frames = [encode(pattern, label).split(pattern.tobytes()) for label in range(len(LABELS))]
    for clip, label in zip(clips, labels, strict=True):
        begin, end = frames[label]
        yield begin + clip.tobytes() + end


def measure(folder: Path, ladder: Ladder, minibatch: int) -> Iterator[tuple]:
    """Yields name, seconds, seconds of CPU time, and bytes at the peak, for each part."""
    before, records = _peak(), Records(folder)
    clips = ClipPipeline(folder, ladder, 0, mirror=True)
    parts: dict[str, Callable] = {
        "metadata and index": lambda: Records(folder),
        "the same, and sizes of all files and records": lambda: open_records(folder),
    }
    for level, rung in enumerate(ladder):
        for name, nimg in (("first", 0), ("resumed", len(clips) * 9 // 10)):
            parts[f"{name} batch at {rung}"] = functools.partial(
                _first, clips, level, nimg, minibatch
            )
    parts |= {
        "SHA-256 of all files": clips.check_files,
        "every record (`--skip_damaged`)": lambda: damaged_clips(records, ladder),
        "labels of all clips": lambda: records.labels(np.arange(len(records))),
    }
    for name, work in parts.items():
        begin, cpu = time.perf_counter(), time.process_time()
        work()
        seconds = time.perf_counter() - begin, time.process_time() - cpu
        yield name, *seconds, _peak() - before


def _first(clips, level, nimg, minibatch):
    next(iter(clips.dataset(level, nimg, minibatch)))


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, help="folder, written where it is new")
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--shard_clips", type=int, default=1000)
    parser.add_argument("--ladder", default="1x4x4 2x4x4")
    parser.add_argument("--minibatch", type=int, default=16)
    return parser.parse_args(argv[1:])


def main(flags):
    for flag in ("shards", "shard_clips", "minibatch"):
        if getattr(flags, flag) < 1:
            raise UserError(f"--{flag} should be positive. Received: {getattr(flags, flag)}")
    if not (flags.data / "metadata.json").exists():
        # In another process, so that its memory is not counted.
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
            arguments = flags.data, flags.shards, flags.shard_clips, flags.ladder
            pool.submit(write_data, *arguments).result()
    ladder = make_ladder(flags.ladder)
    print(" ".join(f"{k}={v}" for k, v in machine().items()), file=sys.stderr)
    print("| part | seconds | CPU seconds | peak, MB |\n|---|---|---|---|")
    for name, seconds, cpu, peak in measure(flags.data, ladder, flags.minibatch):
        print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {peak / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    run_script(main, parse)
