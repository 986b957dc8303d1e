"""Seconds of a training step at one rung, and how near it is to bare convolutions.

    python benchmarks/train_step.py --config=faces --resolution=32 --minibatch=4 --steps=5 --json
    python benchmarks/train_step.py --config=faces --all_rungs --baseline

`--baseline` runs the PyTorch twin (baseline_torch.py) too, plain and fused, usual and tuned, on the
same machine in the same run; it needs torch. Results: train_step_cpu_202611.md.
"""

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import keras
import tensorflow as tf

from benchmarks.convolutions import bare_speed, count_convolutions
from config import Config, preset
from growth.phase import list_phases
from training.dry_run import estimate_memory
from training.step import TrainingStep
from training.trainer import Trainer

_FORMS = ("--form=plain", "--form=fused"), ("", "--tuned")  # Of the PyTorch twin.


class Constant:
    """Stands for a `ClipPipeline`: the same reals of noise at each step."""

    def __init__(self, ladder):
        self.ladder = ladder

    def dataset(self, level, nimg, minibatch, replicas=1, **_):
        shape = (minibatch // replicas, *self.ladder[level].shape, 3)
        return tf.data.Dataset.from_tensors(tf.random.uniform(shape, -1, 1)).repeat()


def measure(config: Config, level: int, devices: int, steps: int, bare: bool) -> dict:
    """Trains at the stable phase of a level; the line that `--json` prints."""
    strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(devices)])
    trainer, clips = Trainer(config, strategy), Constant(config.ladder)
    phases = list_phases(config.schedule, config.ladder)
    phase = [p for p in phases if p.level == level and not p.fading][0]
    trainer.enter(phase)
    first = _seconds(trainer, clips, phase)
    _seconds(trainer, clips, phase)  # Its second call, too, is slower than the rest.
    times = [_seconds(trainer, clips, phase) for _ in range(steps)]
    median = statistics.median(times)
    line = {
        "framework": "tensorflow",
        "form": "fused" if config.network.fused_resample else "plain",
        "config": config.name,
        "rung": str(config.ladder[level]),
        "built_for": str(config.ladder[-1]),
        "minibatch": phase.minibatch,
        "precision": config.network.precision,
        "devices": devices,
        "steps": steps,
        "seconds_per_step": {"median": median, "min": min(times), "max": max(times)},
        "seconds_of_first_step": first,
        "clips_per_second": phase.minibatch / median,
        "seconds_per_kimg": 1000 * median / phase.minibatch,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "estimated_memory_bytes": estimate_memory(config, level, phase.minibatch),
    }
    if bare and devices == 1:
        gflop, speed = bare_speed(count_convolutions(_graph(trainer, clips, phase)))
        line |= {
            "gflop_per_step": gflop,
            "gflop_per_second": gflop / median,
            "bare_gflop_per_second": speed,
            "fraction_of_bare": gflop / median / speed,
        }
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    return line | {"versions": versions | {"python": platform.python_version()}}


def _seconds(trainer, clips, phase):
    begin = time.perf_counter()
    terms, _ = trainer.train(clips, phase, steps=1)
    float(terms["generator"])
    return time.perf_counter() - begin


def _graph(trainer, clips, phase):
    """The graph of one step of the entered phase, in which all shapes are known."""
    reals = next(iter(clips.dataset(phase.level, 0, phase.minibatch)))
    step = TrainingStep(trainer.config, trainer.networks, trainer.strategy, phase)
    return tf.function(step.one).get_concrete_function(reals, tf.constant(0, tf.int64)).graph


def rung_config(flags) -> tuple[Config, int]:
    """The config of the flags, and the level of the resolution."""
    config = preset(flags.config).override([f"network.precision={flags.precision}", *flags.set])
    found = [i for i, rung in enumerate(config.ladder) if rung.height == flags.resolution]
    if not found:
        sizes = ", ".join(str(rung.height) for rung in config.ladder)
        raise SystemExit(f"--resolution should be one of {sizes}. Received: {flags.resolution}")
    settings = [f"schedule.minibatch.{flags.resolution}={flags.minibatch}"]
    if flags.minibatch is None:
        settings = []
    if flags.alone:
        rung = config.ladder[found[-1]]
        settings += [f"growth.resolution={rung.height}", f"growth.num_frames={rung.frames}"]
    return config.override(settings), found[-1]


def _another(script, flags, *more):
    """The line of a benchmark in a process of its own: peaks of memory never fall."""
    command = [sys.executable, str(Path(__file__).with_name(script)), "--json"]
    command += [f"--config={flags.config}", f"--resolution={flags.resolution}", *more]
    command += [f"--steps={flags.steps}"]
    command += [f"--minibatch={flags.minibatch}"] if flags.minibatch else []
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])


def _tell(line, flags):
    if flags.json:
        print(json.dumps(line), flush=True)
        return
    seconds = line["seconds_per_step"]
    text = (
        f"{line['framework']:<11}{line['form']:<6}{line['rung']:<12} "
        f"minibatch {line['minibatch']:<3}"
        f"{seconds['median']:.4f} s a step ({seconds['min']:.4f} to {seconds['max']:.4f})  "
        f"{line['peak_memory_bytes'] / 1e9:.2f} GB"
    )
    if "estimated_memory_bytes" in line:
        text += f" (estimated {line['estimated_memory_bytes'] / 1e9:.2f})"
        text += f"  first step {line['seconds_of_first_step']:.1f} s"
    if "gflop_per_step" in line:
        text += (
            f"  {line['gflop_per_step']:.1f} GFLOP, {line['gflop_per_second']:.0f} GFLOP/s, "
            f"{line['fraction_of_bare']:.0%} of bare convolutions"
        )
    print(text, flush=True)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="faces")
    parser.add_argument("--resolution", type=int, default=32, help="height of the rung")
    parser.add_argument("--minibatch", type=int, help="by default that of the schedule")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--devices", type=int, default=1, help="logical CPU devices")
    parser.add_argument("--set", nargs="*", default=[], help="key=value of other settings")
    parser.add_argument("--alone", action="store_true", help="networks built for this rung alone")
    parser.add_argument("--no_bare", action="store_true", help="without the bare convolutions")
    parser.add_argument("--all_rungs", action="store_true", help="a line a rung")
    parser.add_argument("--baseline", action="store_true", help="PyTorch's forms as well")
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args(argv)
    if flags.all_rungs or flags.baseline:
        rungs = preset(flags.config).ladder if flags.all_rungs else ()
        for resolution in dict.fromkeys(rung.height for rung in rungs) or [flags.resolution]:
            flags.resolution = resolution
            more = [f"--precision={flags.precision}", f"--devices={flags.devices}"]
            more += ["--alone"] * flags.alone + ["--no_bare"] * flags.no_bare
            more += ["--set", *flags.set] if flags.set else []
            _tell(_another("train_step.py", flags, *more), flags)
            for form in itertools.product(*_FORMS) if flags.baseline else ():
                _tell(_another("baseline_torch.py", flags, *filter(None, form)), flags)
        return
    if flags.devices > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * flags.devices
        tf.config.set_logical_device_configuration(cpu, parts)
    config, level = rung_config(flags)
    _tell(measure(config, level, flags.devices, flags.steps, not flags.no_bare), flags)


if __name__ == "__main__":
    main()
