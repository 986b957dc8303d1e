"""Seconds of a training step at one rung, and how near it is to bare convolutions.

    python benchmarks/train_step.py --config=faces --resolution=32 --minibatch=4 --steps=5 --json
    python benchmarks/train_step.py --config=faces --all_rungs --baseline

`--baseline` runs the PyTorch twin (baseline_torch.py) too, on the same machine in the same run; it
needs torch. Results: train_step_cpu_202611.md.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import keras
import tensorflow as tf

from benchmarks.convolutions import bare_speed, count_convolutions
from benchmarks.rung import config_at, stable_phases
from benchmarks.table import print_table
from config import PRESETS, Config, preset
from growth.phase import Phase
from support.errors import UserError
from support.script import run_script
from training.devices import allow_tensorfloat32
from training.dry_run import estimate_memory
from training.measure import Constant
from training.trainer import Trainer


def measure(
    config: Config, resolution: int, devices: int, steps: int, bare: bool, kind: str = "CPU"
) -> dict:
    """Trains at the stable phase of a rung; the line that `--json` prints."""
    names = [f"{kind}:{i}" for i in range(devices)]
    strategy = tf.distribute.MirroredStrategy(names)
    trainer, clips = Trainer(config, strategy), Constant(config.ladder)
    phase = stable_phase(config, resolution)
    level = phase.level
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
        "kind": kind,
        "steps": steps,
        "seconds_per_step": {"median": median, "min": min(times), "max": max(times)},
        "seconds_of_first_step": first,
        "clips_per_second": phase.minibatch / median,
        "seconds_per_kimg": 1000 * median / phase.minibatch,
        "peak_memory_bytes": _peak_memory(names),
        "estimated_memory_bytes": estimate_memory(config, level, phase.minibatch),
    }
    if bare and devices == 1:
        gflop, speed = bare_speed(count_convolutions(_one_step(trainer, clips, phase)))
        line |= {
            "gflop_per_step": gflop,
            "gflop_per_second": gflop / median,
            "bare_gflop_per_second": speed,
            "fraction_of_bare": gflop / median / speed,
        }
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    return line | {"versions": versions | {"python": platform.python_version()}}


def stable_phase(config: Config, resolution: int) -> Phase:
    """The phase in which the rung of this height is trained and nothing fades."""
    return [p for p in stable_phases(config) if config.ladder[p.level].height == resolution][-1]


def _peak_memory(devices):
    """Bytes of this process, or those that TensorFlow took on GPUs."""
    if devices[0].startswith("CPU"):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return sum(tf.config.experimental.get_memory_info(device)["peak"] for device in devices)


def _seconds(trainer, clips, phase):
    begin = time.perf_counter()
    terms, _ = trainer.train(clips, phase, steps=1)
    float(terms["generator"])
    return time.perf_counter() - begin


def _one_step(trainer, clips, phase):
    """One step of the entered phase as a concrete function, in which all shapes are known."""
    reals = next(iter(clips.dataset(phase.level, 0, phase.minibatch)))
    step = trainer.make_step(phase)
    return tf.function(step.step).get_concrete_function(reals, tf.constant(0, tf.int64))


def _in_words(line):
    seconds = line["seconds_per_step"]
    text = (
        f"{line['rung']}, minibatch {line['minibatch']}, {line['precision']}: "
        f"{seconds['median']:.4f} s per step ({seconds['min']:.4f} to {seconds['max']:.4f}), "
        f"{line['clips_per_second']:.2f} clips/s, {line['seconds_per_kimg']:.0f} s a kimg, "
        f"first step {line['seconds_of_first_step']:.1f} s\n"
        f"peak {line['peak_memory_bytes'] / 1e9:.2f} GB, "
        f"estimated {line['estimated_memory_bytes'] / 1e9:.2f}"
    )
    if "gflop_per_step" in line:
        text += (
            f"; {line['gflop_per_step']:.1f} GFLOP, {line['gflop_per_second']:.0f} GFLOP/s, "
            f"{line['fraction_of_bare']:.0%} of bare convolutions"
        )
    return text


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces", help=", ".join(PRESETS))
    parser.add_argument("--resolution", type=int, default=32, help="height of the rung")
    parser.add_argument("--minibatch", type=int, help="the schedule's by default")
    parser.add_argument("--steps", type=int, default=5, help="that are timed")
    parser.add_argument("--precision", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--devices", type=int, default=1, help="logical CPU devices, or GPUs")
    parser.add_argument("--gpu", action="store_true", help="on GPUs, whose memory is counted")
    parser.add_argument("--set", nargs="*", default=[], help="section.key=value")
    parser.add_argument("--alone", action="store_true", help="networks built for this rung alone")
    parser.add_argument("--no_bare", action="store_true", help="without the bare convolutions")
    parser.add_argument("--all_rungs", action="store_true", help="a table, a row a rung")
    parser.add_argument("--baseline", action="store_true", help="a table with PyTorch beside")
    parser.add_argument("--json", action="store_true", help="one line for programs")
    return parser.parse_args(argv[1:])


def main(flags):
    for flag in ("steps", "devices"):
        if getattr(flags, flag) < 1:
            raise UserError(f"--{flag} should be positive. Received: {getattr(flags, flag)}")
    settings = [f"network.precision={flags.precision}", *flags.set]
    config = config_at(flags.config, flags.resolution, flags.minibatch, settings, flags.alone)
    if flags.all_rungs or flags.baseline:
        sizes = [rung.height for rung in preset(flags.config).ladder]
        chosen = dict.fromkeys(sizes) if flags.all_rungs else [flags.resolution]
        more = [*(["--gpu"] if flags.gpu else []), *(["--set", *flags.set] if flags.set else [])]
        print_table(flags.config, chosen, flags.minibatch, flags.baseline, more)
        return
    allow_tensorfloat32(config.train.tensorfloat32)
    if flags.devices > 1 and not flags.gpu:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * flags.devices
        tf.config.set_logical_device_configuration(cpu, parts)
    kind, bare = "GPU" if flags.gpu else "CPU", not flags.no_bare
    line = measure(config, flags.resolution, flags.devices, flags.steps, bare, kind)
    print(json.dumps(line) if flags.json else _in_words(line), flush=True)


if __name__ == "__main__":
    run_script(main, parse)
