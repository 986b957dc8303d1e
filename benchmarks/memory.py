"""Peak memory of a training step at one rung, beside what --dry_run estimates.

    for size in 32 64 128 256; do python benchmarks/memory.py --resolution=$size --minibatch=1; done

A process a rung, since a process' peak never falls. Results: memory_cpu_202611.md.
"""

import argparse
import resource
import sys
from pathlib import Path

import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent.parent))

from config import preset
from growth.phase import phase_at
from training.dry_run import estimate_memory
from training.trainer import Trainer


class Noise:
    """Reals of noise, in place of a data set."""

    def __init__(self, ladder):
        self.ladder = ladder

    def dataset(self, level, nimg, minibatch, **_):
        shape = (minibatch, *self.ladder[level].shape, 3)
        return tf.data.Dataset.from_tensors(tf.random.uniform(shape, -1, 1)).repeat()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", type=int, required=True)
    parser.add_argument("--minibatch", type=int, default=1)
    flags = parser.parse_args()
    frames = {rung.height: rung.frames for rung in preset("faces").ladder}[flags.resolution]
    config = preset("faces").override(
        [
            f"growth.resolution={flags.resolution}",
            f"growth.num_frames={frames}",
            "schedule.growing=false",
            f"schedule.minibatch={flags.minibatch}",
        ]
    )
    trainer = Trainer(config, tf.distribute.MirroredStrategy(["CPU:0"]))
    phase = phase_at(0, config.schedule, config.ladder)
    trainer.enter(phase)
    trainer.train(Noise(config.ladder), phase, steps=3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    estimate = estimate_memory(config.ladder, phase.level, flags.minibatch)
    print(
        f"{config.ladder[-1]!s:<12} minibatch {flags.minibatch:<3} "
        f"peak {peak / 1e9:.2f} GB, estimated {estimate / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    main()
