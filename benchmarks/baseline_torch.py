"""Times a training step in PyTorch, the twin of what train_step.py times; needs torch==2.13.0.

    python benchmarks/baseline_torch.py --resolution=32 --minibatch=4 --form=fused --json

The reals are one random tensor: no data is loaded.
"""

import argparse
import ast
import ctypes
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.torch_twin import TrainingStep, tuned
from growth.ladder import make_ladder
from growth.phase import Schedule, phase_at
from support.errors import UserError
from support.script import run_script

FORMATS = {"contiguous": torch.contiguous_format, "channels_last_3d": torch.channels_last_3d}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", default="faces")
    parser.add_argument("--resolution", type=int, default=32, help="height of the rung")
    parser.add_argument("--minibatch", type=int, help="the schedule's by default")
    parser.add_argument("--steps", type=int, default=5, help="that are timed")
    parser.add_argument("--warmup", type=int, default=2, help="steps before them")
    parser.add_argument("--form", choices=["plain", "fused"], default="fused", help="of resampling")
    parser.add_argument(
        "--memory_format", choices=list(FORMATS), help="channels_last_3d by default where tuned"
    )
    parser.add_argument("--tuned", action="store_true", help="derivatives by hand, memory kept")
    parser.add_argument("--json", action="store_true", help="one line for programs")
    return parser.parse_args(argv[1:])


def main(flags):
    for flag in ("steps", "warmup"):
        if getattr(flags, flag) < 1:
            raise UserError(f"--{flag} should be positive. Received: {getattr(flags, flag)}")
    config, phase = read_config(flags)
    tuned(flags.tuned)
    if flags.tuned:
        keep_freed_memory()
    torch.manual_seed(config.train.seed)
    flags.memory_format = flags.memory_format or list(FORMATS)[flags.tuned]
    memory_format = FORMATS[flags.memory_format]
    step = TrainingStep(config, phase, memory_format)
    shape = phase.minibatch, 3, *config.ladder[-1].shape
    reals = torch.rand(shape).mul_(2).sub_(1).contiguous(memory_format=memory_format)
    result = describe(flags, config, phase, timed(step, reals, flags.warmup, flags.steps))
    print(json.dumps(result) if flags.json else in_words(result))


def read_config(flags):
    """The config's sections and its phase, out of a process of its own: TensorFlow stays there."""
    chosen = [f"--config={flags.config}", f"--resolution={flags.resolution}"]
    if flags.minibatch is not None:
        chosen.append(f"--minibatch={flags.minibatch}")
    fused = f"network.fused_resample={flags.form == 'fused'}"
    command = [sys.executable, str(Path(__file__).with_name("rung.py")), *chosen, fused]
    told = subprocess.run(command, capture_output=True, text=True)
    if told.returncode:
        raise UserError(told.stderr.splitlines()[-1].removeprefix("Error: "))
    sections = ast.literal_eval(told.stdout)
    growth = sections["growth"]
    ladder = make_ladder(growth.pop("ladder"), **growth)
    phase = phase_at(0, Schedule(**sections["schedule"]), ladder)
    network, loss, train = (SimpleNamespace(**sections[s]) for s in ("network", "loss", "train"))
    return SimpleNamespace(ladder=ladder, network=network, loss=loss, train=train), phase


def keep_freed_memory():
    """Lets glibc keep what is freed, as tcmalloc or jemalloc would: pages are not faulted anew."""
    m_mmap_max, m_trim_threshold = -4, -1
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(m_mmap_max, 0)
    libc.mallopt(m_trim_threshold, 2**31 - 1)


def timed(step, reals, warmup, steps):
    """Seconds of each of `steps` steps, after `warmup` others."""
    seconds = []
    for _ in range(warmup + steps):
        begin = time.perf_counter()
        step(reals)
        seconds.append(time.perf_counter() - begin)
    return seconds[warmup:]


def describe(flags, config, phase, seconds):
    median = statistics.median(seconds)
    return {
        "framework": "torch",
        "form": flags.form,
        "tuned": flags.tuned,
        "memory_format": flags.memory_format,
        "rung": str(config.ladder[-1]),
        "minibatch": phase.minibatch,
        "seconds_per_step": {"median": median, "min": min(seconds), "max": max(seconds)},
        "clips_per_second": phase.minibatch / median,
        "seconds_per_kimg": 1000 * median / phase.minibatch,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "threads": torch.get_num_threads(),
    }


def in_words(result):
    seconds = result["seconds_per_step"]
    return (
        f"PyTorch {result['versions']['torch']}, {result['form']}, "
        f"{'tuned' if result['tuned'] else 'usual'}, {result['memory_format']}, "
        f"{result['threads']} threads: {result['rung']}, minibatch {result['minibatch']}\n"
        f"{seconds['median']:.4f} s per step ({seconds['min']:.4f} to {seconds['max']:.4f}), "
        f"{result['clips_per_second']:.2f} clips/s, {result['seconds_per_kimg']:.0f} s a kimg, "
        f"peak {result['peak_memory_bytes'] / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    run_script(main, parse)
