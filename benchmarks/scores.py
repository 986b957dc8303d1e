"""Memory of a score, which should not grow with the number of clips but by what it must hold.

    python benchmarks/scores.py                        # 1,000 and 10,000 clips
    python benchmarks/scores.py --clips=500,1000 --values=256

Tiny clips of noise are the reals, a small generator without training makes the fakes, and a network
that averages over areas of each frame gives the features. Each number of clips is measured in a
process of its own. Prints a row in Markdown per number of clips: seconds of CPU time, the peak of
memory that belongs to the process (RssAnon, looked at ten times per second) above that before, the
values of all features in memory, which the kernel distance keeps for both sets, and the file of a
set's features. Results: scores_cpu_202611.md.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import keras
import tensorflow as tf

import config
from benchmarks.large_set import write_data
from benchmarks.report import machine
from growth.phase import phase_until
from metrics.protocols import PROTOCOLS
from models.registry import model_class
from sampling.snapshot import Snapshot
from scoring.clip_sets import RecordClips
from scoring.features import Extractor
from scoring.generated import GeneratedClips
from scoring.score import score
from support.script import run_script

LADDER = "4x4x4 8x8x8"
_SHARD_CLIPS = 1000


class Areas(keras.Model):
    """A network without weights: `values` means over areas of a clip, and ten classes of them."""

    def __init__(self, values: int):
        super().__init__()
        self.values = values

    def endpoints(self, clips: tf.Tensor) -> dict[str, tf.Tensor]:
        """The endpoints of clips [N, 16, 112, 112, 3] that a protocol of C3D uses."""
        areas = tf.nn.avg_pool3d(clips, (1, 7, 7), (1, 7, 7), "VALID")
        values = tf.reshape(areas, [len(areas), -1])[:, : self.values]
        return {"fc6": values, "probabilities": tf.nn.softmax(values[:, :10] / 20)}


def measure(data: Path, clips: int, values: int, cache: Path | None) -> dict[str, float]:
    """Scores so many clips; seconds of CPU time, and bytes."""
    of_data = RecordClips(data)
    settings = [f"growth.ladder={LADDER}", "growth.resolution=8", "growth.feature_maps_max=4"]
    demo = config.demo().override([*settings, "network.latent_size=8", "schedule.minibatch=8"])
    phase = phase_until(1_000_000, demo.schedule, demo.ladder)
    snapshot = Snapshot(demo, phase, model_class(demo).generator(demo))
    about = {"network": "c3d", "sha256": "0"}
    protocol = dataclasses.replace(PROTOCOLS["c3d_torch"], clips=clips, repeats=1)
    extractor = Extractor(Areas(values), protocol, None, about, cache)

    def run(num):
        fakes = GeneratedClips.of_snapshot(snapshot, num, 0)
        return score(extractor, of_data, fakes, num=num)

    run(64)  # What TensorFlow takes once is not counted.
    before, cpu = _anonymous(), time.process_time()
    with _watched() as peaks:
        run(clips)
    return {
        "seconds": time.process_time() - cpu,
        "peak": max(peaks) - before,
        "kept": 2 * 4 * values * clips,
        "file": clips * (4 * (values + 10) + 64),
    }


@contextlib.contextmanager
def _watched() -> Iterator[list[int]]:
    peaks, ended = [_anonymous()], threading.Event()

    def look():
        while not ended.wait(0.1):
            peaks.append(_anonymous())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def _anonymous():
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"RssAnon:\s+(\d+) kB", status)[0]) * 1024


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--clips", default="1000,10000")
    parser.add_argument("--values", type=int, default=1024, help="per clip")
    return parser.parse_args(argv[1:])


def main(flags):
    counts = [int(count) for count in flags.clips.split(",")]
    spawn = multiprocessing.get_context("spawn")
    print(" ".join(f"{k}={v}" for k, v in machine().items()), file=sys.stderr)
    print("| clips | CPU seconds | peak, MB | values that are kept, MB | file of a set, MB |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        write_data(data, -(-max(counts) // _SHARD_CLIPS), _SHARD_CLIPS, LADDER)
        for count in counts:
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
                cache = Path(folder) / f"cache{count}"
                row = pool.submit(measure, data, count, flags.values, cache).result()
            sizes = " | ".join(f"{row[name] / 1e6:.1f}" for name in ("peak", "kept", "file"))
            print(f"| {count:,} | {row['seconds']:.0f} | {sizes} |", flush=True)


if __name__ == "__main__":
    run_script(main, parse)
