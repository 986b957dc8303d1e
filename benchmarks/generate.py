"""Clips a second that a generator makes, at each rung.

    python benchmarks/generate.py --config=faces --minibatch=4

Eagerly, operation by operation, and as one traced function, which `generate.py samples` uses where
there are many minibatches. Results: generate_cpu_202611.md.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import tensorflow as tf

from benchmarks.report import report
from benchmarks.rung import stable_phases
from config import PRESETS, Config, preset
from growth.phase import Phase
from networks.generator import Generator
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from support.errors import UserError
from support.script import run_script


def main(flags):
    for flag in ("minibatch", "repeats"):
        if getattr(flags, flag) < 1:
            raise UserError(f"--{flag} should be positive. Received: {getattr(flags, flag)}")
    config = preset(flags.config).override(flags.set)
    generator = Generator(config.ladder, config.network)
    report(
        [measure(config, generator, phase, flags) for phase in stable_phases(config)], flags.json
    )


def measure(config: Config, generator: Generator, phase: Phase, flags) -> dict:
    """A row, of median seconds."""
    snapshot = Snapshot(config, phase, generator)
    latents = tf.constant(sample_latents(flags.minibatch, config.latent_size, 0))
    eager = _seconds(snapshot, latents, flags.repeats)
    traced = _seconds(snapshot.traced(), latents, flags.repeats)
    return {
        "rung": str(config.ladder[phase.level]),
        "minibatch": flags.minibatch,
        "eager_clips_per_second": flags.minibatch / eager,
        "traced_clips_per_second": flags.minibatch / traced,
        "traced_over_eager": eager / traced,
    }


def _seconds(make_clips, latents, repeats):
    times = []
    for _ in range(repeats + 1):  # The first call sets up, or traces.
        begin = time.perf_counter()
        make_clips(latents).numpy()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces", help=", ".join(PRESETS))
    parser.add_argument("--minibatch", type=int, default=4, help="clips at a time (4)")
    parser.add_argument("--repeats", type=int, default=5, help="(5)")
    parser.add_argument("--set", nargs="*", default=[], help="section.key=value")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    return parser.parse_args(argv[1:])


if __name__ == "__main__":
    run_script(main, parse)
