"""What many clips and many GPUs need at each rung, and what limits them: a model, not a run.

    python benchmarks/scale.py                            # the tables of docs/scale.md
    python benchmarks/scale.py --gpus=64 --efficiency=1 --threads=48
    python benchmarks/scale.py --data=DATA                # reading, measured here

Operations and speeds of reading are those of train_step_cpu_202611.md and pipeline_cpu_202611.md.
A node is one of EC2's p4d.24xlarge, by what its vendors publish. GPUs were not measured: that they
reach `--efficiency` of their peak is an assumption.
"""

import argparse
import concurrent.futures
import dataclasses
import math
import multiprocessing
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from config import preset
from dataset.drawing import Drawing
from dataset.encoding import raw_bytes
from dataset.pipeline import ClipPipeline
from dataset.records import Records
from dataset.shards import clips_per_gigabyte
from growth.ladder import Ladder, Rung
from support.errors import UserError
from support.script import run_script

_HERE = Path(__file__).parent
_PARAMETERS = 7.4e6  # of generator and critic of `faces`, by `train.py --dry_run`
_MEASURED_THREADS = 2  # of a stream (dataset/pipeline.py), and cores of that machine
_DRAWS = 2.5e5  # positions per second that a worker draws (docs/scale.md)
_HASHED = 2e9  # bytes per second of SHA-256 on one core, in memory
_DECODED = 8.2 / 2  # clips per second and core, of videos of 640x360 (dataset_tool_cpu_202611.md)
_STATED = 175  # bytes of a shard in the metadata
_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Node:
    """A machine: eight A100 of 40 GB, Amazon EC2 p4d.24xlarge."""

    gpus: int = 8
    flops: float = 19.5e12  # of a GPU in float32 (NVIDIA A100 datasheet)
    cores: int = 48  # 96 virtual ones
    disk: float = 16e9  # bytes per second of all local NVMe together (AWS, p4d deep dive)
    network: float = 50e9  # bytes per second: 400 Gbit/s


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one clip costs at a rung."""

    rung: Rung
    flop: float  # of a training step
    read: float  # thread-seconds

    @property
    def bytes(self) -> int:
        """Of its raw record."""
        return raw_bytes(self.rung)


def column(file: str, head: str) -> dict[str, float]:
    """The numbers of a column of the first table of a file that has it, by the first column."""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in (_HERE / file).read_text().splitlines()
        if line.startswith("|")
    ]
    place = next(row.index(head) for row in rows if head in row)
    begin = next(i for i, row in enumerate(rows) if head in row) + 2
    found = {}
    for row in rows[begin:]:
        if row[0] in found or len(row) <= place or "x" not in row[0]:
            break
        found[row[0]] = float(row[place].replace(",", ""))
    return found


def costs(ladder: Ladder) -> list[Cost]:
    """The costs of a clip at each rung, as measured."""
    flop = column("train_step_cpu_202611.md", "GFLOP")
    minibatch = column("train_step_cpu_202611.md", "minibatch")
    speed = column("pipeline_cpu_202611.md", "of the stream alone")
    return [
        Cost(r, 1e9 * flop[str(r)] / minibatch[str(r)], _MEASURED_THREADS / speed[str(r)])
        for r in ladder
    ]


def limits(cost: Cost, node: Node, gpus: int, efficiency: float, share: int, threads: int) -> dict:
    """Clips per second of a node, as each of its parts limits them.

    Args:
        cost: of a clip.
        node: of which there are as many as the GPUs need.
        gpus: of all nodes.
        efficiency: share of their peak that GPUs reach.
        share: clips of a GPU in a step.
        threads: that read and decode in a node.
    """
    nodes, here = math.ceil(gpus / node.gpus), min(gpus, node.gpus)
    exchanged = 2 * (nodes - 1) / nodes * 4 * _PARAMETERS  # bytes of a ring, per step and node
    clips = here * share  # of a step in a node
    return {
        "GPUs": here * efficiency * node.flops / cost.flop,
        "reading": min(threads, node.cores) / cost.read,
        "drawing": _DRAWS / nodes,  # Each worker draws the positions of all.
        "disk": node.disk / cost.bytes,
        "network": node.network / cost.bytes,
        "gradients": clips * node.network / exchanged if exchanged else math.inf,
    }


def plan(ladder: Ladder, numbers: list[int]) -> list[list[str]]:
    """A table, its head first: what data sets of so many clips need."""
    size, shard = sum(map(raw_bytes, ladder)), clips_per_gigabyte(ladder)
    rows = [["clips", "raw, TB", "zlib, TB", "shards per rung", "files", "metadata, MB"]]
    rows[0] += ["index in memory, MB", "decoding, core hours", "SHA-256, core hours"]
    for number in numbers:
        shards, total = math.ceil(number / shard), number * size
        values = [total / 1e12, total / 3e12, shards, shards * len(ladder)]
        values += [shards * len(ladder) * _STATED / 1e6, 16 * number * len(ladder) / 1e6]
        values += [number / _DECODED / 3600, total / _HASHED / 3600]
        rows.append([f"{number:,}", *map(_three_digits, values)])
    return rows


def bottlenecks(
    found: list[Cost], gpus: int, efficiency: float, share: int, threads: int
) -> list[list[str]]:
    """A table, its head first: demand and limits of a node, in clips per second."""
    parts: list[str] = []
    rows = []
    for cost in found:
        limit = limits(cost, Node(), gpus, efficiency, share, threads)
        parts = parts or list(limit)
        least, demand = min(limit, key=limit.__getitem__), limit["GPUs"]
        needs = [demand * cost.bytes / 1e9, demand * cost.read]
        busy = f"{limit[least] / demand:.0%}"
        rows.append([str(cost.rung), *map(_three_digits, (*limit.values(), *needs)), least, busy])
    return [["size", *parts, "GB/s to feed GPUs", "threads to", "limited by", "GPUs busy"], *rows]


def _three_digits(value):
    if math.isinf(value):
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def print_table(rows: list[list[str]]):
    """Prints rows, of which the first is the head, in Markdown."""
    for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]:
        print("|", " | ".join(row), "|", flush=True)


def measure(folder: Path, batches: int) -> list[list[str]]:
    """A table, its head first: clips per second of one reader and of two."""
    rows = [["size", "one, clips/s", "CPU s per clip", "two, clips/s", "CPU s per clip"]]
    rows[0] += ["two / one"]
    spawn = multiprocessing.get_context("spawn")
    for level, rung in enumerate(Records(folder).ladder):
        cells, speeds = [], []
        for readers in (1, 2):
            with concurrent.futures.ProcessPoolExecutor(readers, mp_context=spawn) as pool:
                list(pool.map(_read, [folder] * readers, [level] * readers, [1] * readers))
                many = [batches] * readers
                found = list(pool.map(_read, [folder] * readers, [level] * readers, many))
            speeds.append(sum(clips / seconds for clips, seconds, _ in found))
            cpu = sum(cpu for *_, cpu in found) / sum(clips for clips, *_ in found)
            cells += [_three_digits(speeds[-1]), f"{cpu:.2g}"]
        rows.append([str(rung), *cells, f"{speeds[1] / speeds[0]:.2f}"])
    return rows


def _read(folder, level, batches):
    """Reads batches, and returns the number of clips, seconds, and seconds of CPU time."""
    clips = ClipPipeline(folder, Records(folder).ladder, 0, mirror=True, check="none")
    stream = iter(clips.dataset(level, 0, _BATCH))
    next(stream)
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(batches):
        next(stream)
    return batches * _BATCH, time.perf_counter() - begin, time.process_time() - cpu


def measure_drawing(number: int) -> list[list[str]]:
    """A table, its head first: seconds of CPU time for an epoch's order, and positions per second.

    Args:
        number: of clips in the epoch.
    """
    drawing = Drawing((np.arange(number),), number, seed=0, mirror=True)
    stream, times = iter(drawing.stream(0).batch(_BATCH)), [time.process_time()]
    next(stream)
    times.append(time.process_time())
    steps = (number - _BATCH) // _BATCH // 2
    for _ in range(steps):
        next(stream)
    times.append(time.process_time())
    first, later = np.diff(times)
    values = number, first, _BATCH * steps / later
    return [["clips", "order, CPU s", "draws per CPU s"], list(map(_three_digits, values))]


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces", help="preset, whose ladder was measured")
    parser.add_argument("--clips", type=int, nargs="+", default=[10_000, 500_000, 10_000_000])
    parser.add_argument("--gpus", type=int, nargs="+", default=[8, 64, 512])
    parser.add_argument("--efficiency", type=float, default=0.3, help="of the GPUs' peak")
    parser.add_argument("--share", type=int, default=4, help="clips of a GPU in a step")
    parser.add_argument("--threads", type=int, default=_MEASURED_THREADS, help="of a node, to read")
    parser.add_argument("--data", type=Path, help="measure reading of this data set instead")
    parser.add_argument("--batches", type=int, default=20, help="that are read")
    return parser.parse_args(argv[1:])


def main(flags):
    numbers = [*flags.clips, *flags.gpus, flags.share, flags.threads, flags.batches]
    if min(numbers) < 1 or not 0 < flags.efficiency <= 1:
        raise UserError("Numbers should be positive, and --efficiency in 0 to 1.")
    if flags.data:
        print_table(measure(flags.data, flags.batches))
        print_table(measure_drawing(len(Records(flags.data))))
        return
    ladder = preset(flags.config).ladder
    print_table(plan(ladder, flags.clips))
    for gpus in flags.gpus:
        print(f"\n{gpus} GPUs in {math.ceil(gpus / Node.gpus)} nodes\n")
        settings = gpus, flags.efficiency, flags.share, flags.threads
        print_table(bottlenecks(costs(ladder), *settings))


if __name__ == "__main__":
    run_script(main, parse)
