"""A table of training steps at all rungs: each cell is measured in a process of its own.

So that peaks of memory are a cell's own, and so that PyTorch and TensorFlow do not meet.
"""

import json
import subprocess
import sys
from pathlib import Path

from support.errors import UserError

# Name of a row: script, its flags.
_OURS = {
    "float32": ["train_step.py"],
    "bfloat16": ["train_step.py", "--precision=mixed_bfloat16", "--no_bare"],
    "alone": ["train_step.py", "--alone", "--no_bare"],
}
_TORCH = {
    "plain": ["baseline_torch.py", "--form=plain", "--warmup=1"],
    "fused": ["baseline_torch.py", "--form=fused", "--warmup=1"],
    "plain tuned": ["baseline_torch.py", "--form=plain", "--warmup=1", "--tuned"],
    "fused tuned": ["baseline_torch.py", "--form=fused", "--warmup=1", "--tuned"],
}


def print_table(config: str, resolutions, minibatch: int | None, baseline: bool, more=()):
    """Prints tables in Markdown, a row as soon as it is measured.

    Args:
        config: name of a preset.
        resolutions: heights of its rungs.
        minibatch: where it is None, 4 up to 64x64 and 1 beyond.
        baseline: has the PyTorch twin measured too.
        more: flags of `train_step.py`, for each cell of ours.
    """
    _print_row("size", "minibatch", *_HEADS, *(_TORCH_HEADS if baseline else ()))
    _print_row(*["---"] * (2 + len(_HEADS) + len(_TORCH_HEADS) * baseline))
    for resolution in resolutions:
        size = minibatch or (4 if resolution <= 64 else 1)
        flags = [f"--config={config}", f"--resolution={resolution}", f"--minibatch={size}"]
        flags += [f"--steps={max(3, 1600 // resolution**2)}"]
        row = {name: _measure(command, [*flags, *more]) for name, command in _OURS.items()}
        torch = {name: _measure(command, flags) for name, command in _TORCH.items() if baseline}
        _print_row(row["float32"]["rung"], size, *_ours(row), *_torch(row, torch))


_HEADS = (
    "s per step (min to max)",
    "GFLOP",
    "GFLOP/s",
    "of bare convolutions",
    "first step, s",
    "GB (estimated)",
    "mixed_bfloat16, s",
    "times faster",
    "built alone, s",
)
_TORCH_HEADS = (
    "torch plain, s",
    "fused, s",
    "the better / ours",
    "tuned plain, s",
    "tuned fused, s",
)


def _ours(row):
    line, seconds = row["float32"], _seconds(row["float32"])
    times = line["seconds_per_step"]
    yield f"{seconds:.4f} ({times['min']:.4f} to {times['max']:.4f})"
    yield f"{line['gflop_per_step']:.1f}"
    yield f"{line['gflop_per_second']:.0f}"
    yield f"{line['fraction_of_bare']:.0%}"
    yield f"{line['seconds_of_first_step']:.1f}"
    memory = (line[f"{kind}_memory_bytes"] / 1e9 for kind in ("peak", "estimated"))
    yield "{:.2f} ({:.2f})".format(*memory)
    yield f"{_seconds(row['bfloat16']):.4f}"
    yield f"{seconds / _seconds(row['bfloat16']):.2f}"
    yield f"{_seconds(row['alone']):.4f}"


def _torch(row, torch):
    if torch:
        plain, fused, *tuned = map(_seconds, torch.values())
        yield f"{plain:.4f}"
        yield f"{fused:.4f}"
        yield f"{min(plain, fused) / _seconds(row['float32']):.2f}"
        yield from (f"{seconds:.4f}" for seconds in tuned)


def _seconds(line):
    return line["seconds_per_step"]["median"]


def _measure(command, flags):
    """The line that a benchmark prints."""
    script, *own = command
    command = [sys.executable, str(Path(__file__).with_name(script)), "--json", *own, *flags]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        raise UserError(f"{script} should run. Received: {found.stderr.strip().splitlines()[-1]}")
    return json.loads(found.stdout.splitlines()[-1])


def _print_row(*cells):
    print("|", " | ".join(map(str, cells)), "|", flush=True)
