"""Trains a generator of clips that grows in space and time.

    python train.py --config=faces                      # datasets/faces -> runs/faces
    python train.py --config=faces --dry_run            # prints what it would train
    python train.py --config=faces --set train.seed=1 schedule.minibatch.64=4

The same command again goes on where it was.
"""

import math
from pathlib import Path

from absl import flags

from config import PRESETS, preset
from dataset.pipeline import ClipPipeline
from growth.phase import phase_at
from support.errors import run_script
from training.devices import strategy_for
from training.dry_run import describe
from training.interrupt import Interrupt
from training.monitor import Monitor
from training.run_folder import RunFolder
from training.snapshot import save_snapshot
from training.trainer import Trainer

FLAGS = flags.FLAGS
flags.DEFINE_string("config", "faces", f"Preset: {', '.join(PRESETS)}.")
flags.DEFINE_string("data", None, "Data set folder; datasets/<config> by default.")
flags.DEFINE_string("run", None, "Run folder; runs/<config> by default.")
flags.DEFINE_multi_string("set", [], "key=value of a setting; more of them may follow.")
flags.DEFINE_list("devices", [], "Such as GPU:0,GPU:1; all GPUs, or else the CPU, by default.")
flags.DEFINE_bool("skip_damaged", False, "Read all clips first; train without unreadable ones.")
flags.DEFINE_bool("dry_run", False, "Print ladder, layers, schedule and needs, and exit.")


def main(argv):
    config = preset(FLAGS.config).override([*FLAGS.set, *argv[1:]])
    if FLAGS.dry_run:
        print(describe(config))
        return None
    data = Path(FLAGS.data or f"datasets/{config.name}")
    seed, mirror = config.train.seed, config.train.mirror
    clips = ClipPipeline(data, config.ladder, seed, mirror, FLAGS.skip_damaged)
    trainer = Trainer(config, strategy_for(FLAGS.devices))  # G, D, Gs: the full graph, built once.
    with RunFolder(FLAGS.run or f"runs/{config.name}", config, clips.records.identity()) as run:
        run.restore_latest(trainer)
        with clips.damage_told():
            return train(trainer, clips, run, Interrupt())


def train(trainer: Trainer, clips: ClipPipeline, run: RunFolder, interrupt: Interrupt) -> int:
    """Trains to the end or to an interrupt, and returns the exit status."""
    config, total = trainer.config, trainer.config.train.total_kimg * 1000
    monitor = Monitor(run, config, clips)
    run.print(f"{run.path}: {clips.describe()}, from kimg {trainer.nimg / 1000:g}")
    while trainer.nimg < total and not interrupt:
        phase = phase_at(trainer.nimg, config.schedule, config.ladder)
        trainer.enter(phase)  # A new phase resets the optimizers, as in ProGAN.
        steps_left = min(phase.steps_left(), math.ceil((total - phase.nimg) / phase.minibatch))
        steps = min(config.train.steps_per_call, steps_left)
        monitor.add(trainer.train(clips, phase, steps), steps * phase.minibatch)
        if monitor.tick_is_due(phase, trainer.nimg):
            monitor.report(trainer, phase)
        if run.save_is_due() or steps == phase.steps_left():
            run.save(trainer)
    run.save(trainer)
    if interrupt:
        save_snapshot(run.path, trainer.networks.Gs, trainer.nimg)
        run.print(
            f"Interrupted and saved at kimg {trainer.nimg / 1000:g}: the same command goes on."
        )
        return interrupt.exit_status
    run.print(f"Finished. Snapshots, samples and events are in {run.path}")
    return 0


if __name__ == "__main__":
    run_script(main)
