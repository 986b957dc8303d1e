"""Trains a generator of clips that grows in space and time.

    python train.py --config=faces                      # datasets/faces -> runs/faces
    python train.py --config=faces --dry_run            # prints what it would train
    python train.py --config=faces --set train.seed=1 schedule.minibatch.64=4

Run the same command again to resume.
"""

from contextlib import nullcontext
from pathlib import Path

import tensorflow as tf
from absl import flags

from config import PRESETS, Config, preset
from dataset.pipeline import ClipPipeline
from run_folder.folder import RunFolder
from support.errors import run_script
from training.devices import strategy_for
from training.dry_run import describe
from training.interrupt import Interrupt
from training.keeper import Keeper
from training.loop import train
from training.monitor import Monitor
from training.profile import Profile
from training.trainer import Trainer
from training.workers import report_lost_worker

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
        # Operations that run side by side on a CPU add up in an order that differs each time.
        tf.config.threading.set_inter_op_parallelism_threads(1)
    with report_lost_worker():
        return start(config)


def start(config: Config) -> int:
    """Starts or resumes training, and returns the exit status."""
    strategy = strategy_for(FLAGS.devices)  # Waits for the other workers, where there are some.
    data = Path(FLAGS.data or f"datasets/{config.name}")
    path = Path(FLAGS.run or f"runs/{config.name}")
    seed, mirror = config.train.seed, config.train.mirror
    clips = ClipPipeline(data, config.ladder, seed, mirror, FLAGS.skip_damaged)
    identity = clips.identity()
    trainer = Trainer(config, strategy)
    same = (config, identity["sha256"], identity["skipped"])
    trainer.workers.check_same("--config, --set and --data", same)
    is_chief = trainer.workers.is_chief
    if is_chief and not FLAGS.skip_damaged and not path.exists():
        clips.check_hashes()  # Once, since it takes as long as reading all of them.
    folder = RunFolder(path, config, identity) if is_chief else nullcontext()
    with folder as run, clips.damage_told():
        if run:
            run.restore_latest(trainer)
        trainer.broadcast_from_chief()
        if run:
            run.log(f"{run.path}: {clips.describe()}, from kimg {trainer.nimg / 1000:g}")
        return train(trainer, clips, watchers(run, config, clips), Interrupt())


def watchers(run: RunFolder | None, config: Config, clips: ClipPipeline) -> list:
    """What the chief, which alone has a `run`, does besides training."""
    if run is None:
        return []
    return [Profile(run.path, FLAGS.profile), Monitor(run, config, clips), Keeper(run)]


if __name__ == "__main__":
    run_script(main)
