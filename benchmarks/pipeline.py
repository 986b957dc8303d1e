"""How long training waits for its clips, at each rung.

    python dataset_tool.py create_tfrecords --config=faces --source_format=synthetic \
        --max_clips=48 --output=DATA
    python benchmarks/pipeline.py --config=faces --data=DATA

A step asks for its clips by one operation of TensorFlow, and the profiler measures it. The speed of
the stream alone is measured too. Results: pipeline_cpu_202611.md.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.report import report
from benchmarks.rung import stable_phases
from config import PRESETS, preset
from dataset.pipeline import ClipPipeline
from growth.phase import Phase
from support.errors import UserError
from support.script import run_script
from training.trainer import Trainer

_WAITING = "IteratorGetNextOp::DoCompute"


def main(flags):
    if flags.steps < 1:
        raise UserError(f"--steps should be positive. Received: {flags.steps}")
    config = preset(flags.config).override(flags.set)
    clips = ClipPipeline(flags.data, config.ladder, config.train.seed, mirror=True)
    trainer = Trainer(config, tf.distribute.MirroredStrategy(["CPU:0"]))
    report(
        [measure(trainer, clips, phase, flags.steps) for phase in stable_phases(config)], flags.json
    )


def measure(trainer: Trainer, clips: ClipPipeline, phase: Phase, steps: int) -> dict:
    """A row: seconds of a step, and how many of them it waits."""
    trainer.enter(phase)
    trainer.train(clips, phase, steps=2)
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        begin = time.perf_counter()
        trainer.train(clips, phase, steps)
        step = (time.perf_counter() - begin) / steps
        tf.profiler.experimental.stop()
        waiting = _seconds_of(_WAITING, folder) / steps
    return {
        "rung": str(trainer.config.ladder[phase.level]),
        "minibatch": phase.minibatch,
        "seconds_per_step": step,
        "waiting_seconds": waiting,
        "waiting_share": waiting / step,
        "step_clips_per_second": phase.minibatch / step,
        "stream_clips_per_second": _stream_alone(clips, phase, steps),
    }


def _stream_alone(clips, phase, steps):
    """Clips a second that the stream gives; what it holds ready at the start is not counted."""
    batches = iter(clips.dataset(phase.level, 0, phase.minibatch))
    for _ in range(4):
        next(batches)
    begin = time.perf_counter()
    for _ in range(4 * steps):
        next(batches)
    return 4 * steps * phase.minibatch / (time.perf_counter() - begin)


def _seconds_of(name, folder):
    """Seconds of all events of this name in the profile of a folder."""
    space = xplane_pb2.XSpace()
    space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    picoseconds = 0
    for plane in space.planes:
        wanted = {key for key, event in plane.event_metadata.items() if name in event.name}
        events = (event for line in plane.lines for event in line.events)
        picoseconds += sum(e.duration_ps for e in events if e.metadata_id in wanted)
    return picoseconds / 1e12


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces", help=", ".join(PRESETS))
    parser.add_argument("--data", type=Path, required=True, help="a data set with its rungs")
    parser.add_argument("--steps", type=int, default=5, help="that are timed")
    parser.add_argument("--set", nargs="*", default=[], help="section.key=value")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    return parser.parse_args(argv[1:])


if __name__ == "__main__":
    run_script(main, parse)
