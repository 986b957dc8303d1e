"""Trains a generator of clips that grows in space and time.

    python train.py --config=faces                      # datasets/faces -> runs/faces
    python train.py --config=faces --dry_run            # prints what it would train
    python train.py --config=faces --set train.seed=1 schedule.minibatch.64=4

The same command again goes on where it was.
"""

import math
from contextlib import nullcontext
from pathlib import Path

import tensorflow as tf
from absl import flags

from config import PRESETS, Config, preset
from dataset.pipeline import ClipPipeline
from growth.phase import phase_at
from run_folder.folder import RunFolder
from sampling.snapshot import save_snapshot
from support.errors import run_script
from training.devices import strategy_for
from training.dry_run import describe
from training.interrupt import Interrupt
from training.monitor import Monitor
from training.profile import Profile
from training.trainer import Trainer
from training.workers import loss_told

FLAGS = flags.FLAGS
flags.DEFINE_string("config", "faces", f"Preset: {', '.join(PRESETS)}.")
flags.DEFINE_string("data", None, "Data set folder; datasets/<config> by default.")
flags.DEFINE_string("run", None, "Run folder; runs/<config> by default.")
flags.DEFINE_multi_string("set", [], "key=value of a setting; more of them may follow.")
flags.DEFINE_list("devices", [], "Such as GPU:0,GPU:1; all GPUs, or else the CPU, by default.")
flags.DEFINE_bool("skip_damaged", False, "Read all clips first; train without unreadable ones.")
flags.DEFINE_bool("deterministic", False, "The same bytes each time on one machine.")
flags.DEFINE_integer("profile", 0, "Steps to profile for TensorBoard.", 0)
flags.DEFINE_bool("dry_run", False, "Print ladder, layers, schedule and needs, and exit.")


def main(argv):
    config = preset(FLAGS.config).override([*FLAGS.set, *argv[1:]])
    if FLAGS.dry_run:
        print(describe(config))
        return None
    if FLAGS.deterministic:
        tf.config.experimental.enable_op_determinism()
        # Side by side, operations of a CPU add up in parts that are not the same each time.
        tf.config.threading.set_inter_op_parallelism_threads(1)
    with loss_told():
        return start(config)


def start(config: Config) -> int:
    """Starts training or goes on with it, and returns the exit status."""
    strategy = strategy_for(FLAGS.devices)  # Waits for the other workers, where there are some.
    data = Path(FLAGS.data or f"datasets/{config.name}")
    path = Path(FLAGS.run or f"runs/{config.name}")
    seed, mirror = config.train.seed, config.train.mirror
    clips = ClipPipeline(data, config.ladder, seed, mirror, FLAGS.skip_damaged)
    identity = clips.identity()
    trainer = Trainer(config, strategy)  # G, D, Gs: the full graph, built once.
    same = (config, identity["sha256"], identity["skipped"])
    trainer.workers.check_same("--config, --set and --data", same)
    if trainer.workers.is_chief and not FLAGS.skip_damaged and not path.exists():
        clips.check_hashes()  # Once, since it takes as long as reading all of them.
    folder = RunFolder(path, config, identity) if trainer.workers.is_chief else nullcontext()
    with folder as run, clips.damage_told():
        if run:
            run.restore_latest(trainer)
        trainer.follow_chief()
        return train(trainer, clips, run, Interrupt())


def train(
    trainer: Trainer, clips: ClipPipeline, run: RunFolder | None, interrupt: Interrupt
) -> int:
    """Trains to the end or to an interrupt, and returns the exit status.

    Only the chief has a `run`, and writes.
    """
    config, total = trainer.config, trainer.config.train.total_kimg * 1000
    profile = Profile(run.path if run else None, FLAGS.profile if run else 0)
    if run:
        monitor = Monitor(run, config, clips)
        run.print(f"{run.path}: {clips.describe()}, from kimg {trainer.nimg / 1000:g}")
    while trainer.nimg < total and not interrupt.agree(trainer.workers):
        phase = phase_at(trainer.nimg, config.schedule, config.ladder)
        trainer.enter(phase)  # A new phase resets the optimizers, as in ProGAN.
        steps_left = min(phase.steps_left(), math.ceil((total - phase.nimg) / phase.minibatch))
        steps = min(config.train.steps_per_call, steps_left)
        profile.begin()
        terms, taken = trainer.train(clips, phase, steps)
        profile.end(steps)
        if trainer.skipped_in_a_row >= config.train.skips_before_rollback:
            if run:
                run.roll_back(trainer)
                monitor = Monitor(run, config, clips)
            trainer.follow_chief()
        elif run:
            monitor.add(trainer, phase, terms, steps, taken)
            if monitor.tick_is_due(phase, trainer.nimg):
                monitor.report(trainer, phase)
            due = run.save_is_due() or steps == phase.steps_left()
            if due and not trainer.skipped_in_a_row:
                run.save(trainer)
    profile.close()
    if run:
        end(trainer, run, interrupt)
    trainer.workers.wait()  # The chief has saved: all end together.
    return interrupt.exit_status if interrupt else 0


def end(trainer: Trainer, run: RunFolder, interrupt: Interrupt):
    """Saves, and says how training ended."""
    run.save(trainer)
    if interrupt:
        save_snapshot(run.path, trainer.networks.Gs, trainer.nimg)
        run.end(
            "interrupted",
            f"Interrupted and saved at kimg {trainer.nimg / 1000:g}: the same command goes on.",
        )
    else:
        run.end("finished", f"Finished. Snapshots, samples and events are in {run.path}")


if __name__ == "__main__":
    run_script(main)
