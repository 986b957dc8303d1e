"""What a machine with a GPU does: run it once, and send back the Markdown file that it writes.

    python benchmarks/gpu_check.py                        # gpu_check.md, in about ten minutes
    python benchmarks/gpu_check.py --parts devices numbers determinism

Each part runs in a process of its own, so that a crash of one leaves the others: devices and
versions, the exactness of convolutions, reproducibility, one minute of training with its losses
next to those of the CPU, and the table of steps with memory next to its estimate. Without a GPU the
same parts run on the CPU.
"""

import argparse
import contextlib
import hashlib
import io
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import tensorflow as tf

from benchmarks.report import machine
from benchmarks.rung import stable_phases
from benchmarks.table import print_table
from config import PRESETS, Config, preset
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pipeline import ClipPipeline
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from support.errors import UserError
from support.files import write_atomically
from support.script import run_script, say
from training.devices import allow_tensorfloat32, make_deterministic
from training.loop import Watcher, train
from training.measure import Constant
from training.trainer import Trainer

_TAIL = 15  # lines of what a part that failed wrote


def devices(flags):
    """Devices, versions, and what the driver says."""
    yield "| what | value |\n|---|---|"
    for name, value in (machine() | dict(tf.sysconfig.get_build_info())).items():
        yield f"| {name} | {value} |"
    for device in tf.config.list_physical_devices():
        details = tf.config.experimental.get_device_details(device)
        yield f"| {device.name} | {details or device.device_type} |"
    for name in ("TF_CONFIG", "CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH", "XLA_FLAGS"):
        yield f"| `{name}` | {os.environ.get(name, 'not set')} |"
    fields = "name,driver_version,memory.total,power.limit,pcie.link.gen.max,pcie.link.width.max"
    with contextlib.suppress(FileNotFoundError):
        command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv"]
        found = subprocess.run(command, capture_output=True, text=True)
        yield f"\n    {(found.stdout or found.stderr).strip()}".replace("\n", "\n    ")


def numbers(flags):
    """How exact and how fast a convolution and its gradients are, against float64 on the CPU."""
    random = np.random.default_rng(0)
    clips = random.standard_normal((flags.clips, 8, 16, 16, 64))
    kernel = random.standard_normal((3, 3, 3, 64, 64)) / np.sqrt(27 * 64)
    with tf.device("CPU:0"):
        exact = _convolve(tf.constant(clips), tf.constant(kernel))
    yield "| type | TF32 | error of values | of gradients | seconds |\n|---|---|---|---|---|"
    for dtype, allowed in (("float32", False), ("float32", True), ("bfloat16", False)):
        allow_tensorfloat32(allowed)
        with tf.device(_device()):
            given = tf.cast(clips, dtype), tf.cast(kernel, dtype)
            errors = [
                float(tf.norm(tf.cast(x, tf.float64) - y) / tf.norm(y))
                for x, y in zip(_convolve(*given), exact, strict=True)
            ]
            seconds = min(_time(_convolve, *given) for _ in range(3))
        cells = f"{errors[0]:.1e} | {max(errors[1:]):.1e} | {seconds:.4f}"
        yield f"| {dtype} | {'allowed' if allowed else 'off'} | {cells} |"


def _convolve(clips, kernel):
    with tf.GradientTape() as tape:
        tape.watch((clips, kernel))
        maps = tf.nn.conv3d(clips, kernel, (1,) * 5, "SAME")
        total = tf.reduce_sum(maps * maps)
    return maps, *tape.gradient(total, (clips, kernel))


def _time(work, *arguments):
    begin = time.perf_counter()
    for result in work(*arguments):
        result.numpy()
    return time.perf_counter() - begin


def determinism(flags):
    """Whether two trainings of a few steps give the same bytes, per rung."""
    make_deterministic()
    config = _config(flags)
    yield "| rung | seconds | the same bytes |\n|---|---|---|"
    for phase in stable_phases(config):
        begin, hashes = time.perf_counter(), set()
        for _ in range(2):
            trainer = Trainer(config, tf.distribute.MirroredStrategy([_device()]))
            trainer.enter(phase)
            tf.random.set_seed(0)  # `Constant` draws its reals.
            trainer.train(Constant(config.ladder), phase, flags.steps)
            hashes.add(_hash(trainer.model))
        same = "yes" if len(hashes) == 1 else "no"
        yield f"| {config.ladder[phase.level]} | {time.perf_counter() - begin:.1f} | {same} |"


def _hash(model):
    digest = hashlib.sha256()
    for network in model.networks.values():
        for variable in network.variables:
            digest.update(variable.numpy().tobytes())
    return digest.hexdigest()


class _Minute(Watcher):
    """Collects the terms of each call, and interrupts training after so many seconds."""

    exit_status = 0

    def __init__(self, seconds: float):
        self.rows: list[tuple[int, str, dict]] = []
        self._end = time.monotonic() + seconds

    def after(self, trainer, call):
        rung = str(trainer.config.ladder[call.phase.level])
        self.rows.append((trainer.nimg, rung, {k: float(v) for k, v in call.terms.items()}))

    def agree(self, workers):
        return bool(self.rows) and time.monotonic() > self._end


def training(flags):
    """One minute of training on each device, from the same seed, with the terms side by side."""
    config, rows = _config(flags), {}
    with tempfile.TemporaryDirectory() as folder:
        clips = ClipPipeline(_make_data(Path(folder) / "data", config), config.ladder, 0, True)
        for device in dict.fromkeys([_device(), "CPU:0"]):
            trainer = Trainer(config, tf.distribute.MirroredStrategy([device]))
            minute = _Minute(60 * flags.minutes)
            train(trainer, clips, [minute], minute)
            rows[device] = minute.rows
    names = [name for name in next(iter(rows.values()))[0][2] if not name.endswith("_norm")]
    yield f"| clips | rung | {' | '.join(f'{n}, {d}' for n in names for d in rows)} |"
    yield "|---" * (2 + len(names) * len(rows)) + "|"
    for calls in itertools.zip_longest(*rows.values()):
        nimg, rung, _ = next(call for call in calls if call)
        cells = [f"{call[2][n]:.5g}" if call else "" for n in names for call in calls]
        yield f"| {nimg} | {rung} | {' | '.join(cells)} |"


def _make_data(folder, config):
    """Moving shapes at all rungs of a config."""
    top = config.ladder[-1]
    options = ReaderOptions(num_clips=64, num_frames=top.frames, resolution=top.height)
    sources, about = list_sources(Path(), "synthetic", options), {"tool_version": "gpu_check"}
    create_dataset(
        folder, sources, config.ladder, ClipRules(top.frames), about=about | {"arguments": {}}
    )
    return folder


def steps(flags):
    """Steps of `--table` at each rung; memory is that of the device, with its estimate."""
    sizes = flags.sizes or dict.fromkeys(rung.height for rung in preset(flags.table).ladder)
    more = ["--gpu"] if _device().startswith("GPU") else []
    more += ["--set", *flags.set] if flags.set else []
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print_table(flags.table, sizes, flags.minibatch, baseline=False, more=more)
    yield text.getvalue()


PARTS = {part.__name__: part for part in (devices, numbers, determinism, training, steps)}


def _device() -> str:
    """The first GPU, or else the CPU."""
    return "GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"


def _config(flags) -> Config:
    config = preset(flags.config).override(["train.steps_per_call=5", *flags.set])
    allow_tensorfloat32(config.train.tensorfloat32)
    return config


def main(flags):
    if flags.part:
        for line in PARTS[flags.part](flags):
            say(line)
        return
    with write_atomically(flags.output) as path, open(path, "w") as file:
        file.write(f"# Check of a GPU\n\n    python {' '.join(sys.argv)}\n")
        for name in flags.parts:
            print(f"{name} ...", file=sys.stderr, flush=True)
            file.write(f"\n## {name.capitalize()}\n\n{PARTS[name].__doc__}\n\n{_run(name)}\n")
            file.flush()
    say(f"{flags.output} is written.")


def _run(part):
    """What a part prints, with the end of its errors if it fails."""
    begin = time.monotonic()
    done = subprocess.run([sys.executable, *sys.argv, f"--part={part}"], capture_output=True)
    text = done.stdout.decode(errors="replace").strip()
    if done.returncode:
        errors = done.stderr.decode(errors="replace").splitlines()[-_TAIL:]
        text += f"\n\nFailed with status {done.returncode}:\n\n    " + "\n    ".join(errors)
    return f"{text}\n\n({time.monotonic() - begin:.0f} s)"


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output", type=Path, default=Path("gpu_check.md"))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--part", choices=PARTS, help="run this part here, and print it")
    parser.add_argument("--config", default="demo", help=f"to train: {', '.join(PRESETS)}")
    parser.add_argument("--minutes", type=float, default=1.0, help="of training, on each device")
    parser.add_argument("--steps", type=int, default=5, help="of each training of determinism")
    parser.add_argument("--clips", type=int, default=16, help="that are convolved for numbers")
    parser.add_argument("--table", default="faces", help="preset of the table of steps")
    parser.add_argument("--sizes", type=int, nargs="*", help="heights of its rungs (all)")
    parser.add_argument("--minibatch", type=int, help="of the table (4, and 1 beyond 64x64)")
    parser.add_argument("--set", nargs="*", default=[], help="section.key=value, for all parts")
    flags = parser.parse_args(argv[1:])
    if flags.minutes <= 0 or min(flags.steps, flags.clips) < 1:
        raise UserError("--minutes, --steps and --clips should be positive.")
    return flags


if __name__ == "__main__":
    run_script(main, parse)
