"""A small study, and a runner in place of its commands."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from study.catalogue import SCALES, choose_systems
from study.runs import Budget, list_runs
from study.steps import Study
from support.weights import sidecar_of

SYSTEMS = ["tgan", "swgan"]
BUDGETS = {"shapes": [Budget(minutes=2.0), Budget(kimg=6.0)]}


def make_study(folder: Path, seeds=(0, 1), systems=SYSTEMS, budgets=BUDGETS, weights=None) -> Study:
    """The scale `demo` with some seeds and systems."""
    scale = dataclasses.replace(SCALES["demo"], seeds=seeds)
    runs = list_runs(scale, list(scale.data), budgets, choose_systems(systems))
    return Study(folder, scale, scale.data, tuple(runs), {}, weights)


def flag(command, name):
    """The value of a flag in a command."""
    return next(part.partition("=")[2] for part in command if part.startswith(f"--{name}="))


class Runner:
    """Writes what the commands would write, and counts them.

    Args:
        cpu_seconds: of each command.
        fails: parts of commands that fail.
    """

    def __init__(self, cpu_seconds=90.0, fails=()):
        self.cpu_seconds, self.fails, self.commands = cpu_seconds, fails, []

    def __call__(self, command, log, note):
        self.commands.append(" ".join(command[1:]))
        note(self.cpu_seconds)
        log.write_text("some output\n")
        if any(part in self.commands[-1] for part in self.fails):
            log.write_text("some output\nError: Training diverged.\n")
            return 1
        kind = Path(command[1]).stem if command[1].endswith("train.py") else command[2]
        getattr(self, kind)(command)
        return 0

    def create_tfrecords(self, command):
        _write(Path(flag(command, "output")) / "metadata.json", {})

    def train_c3d(self, command):
        path = Path(flag(command, "output"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        trained = {"held_out_accuracy": 0.9, "shuffled_accuracy": 0.25}
        _write(sidecar_of(path), {"training": trained})

    def train(self, command):
        assert json.loads(Path(flag(command, "config")).read_text())["train"]["seed"] in (0, 1, 2)
        _write(Path(flag(command, "run")) / "config.json", {})

    def measure(self, command):
        path = Path(flag(command, "output"))
        name, seed = path.stem, int(path.stem[-1]) if path.stem[-1].isdigit() else 0
        value = 2.0 + seed + ("swgan" in name)
        row = {
            "clips": 512,
            "inception_score": 7.5 if name == "real-shapes" else value,
            "inception_score_reals": 7.5,
            "frechet_distance": 100 * value,
            "frechet_distance_floor": 12.3456,
            "swd": 55.5,
            "swd_floor": 50.0,
            "motion": 0.0 if "frozen" in name else 4.5,
            "motion_reals": 4.0,
            "memorisation": 1.25,
            "details": {"much": "more"},
        }
        if not name.startswith("real"):
            points = [row | {"kimg": k, "seconds": 10.0 * k} for k in (1.0, 2.0)]
            points[0]["inception_score"] = value + 0.5  # The best is not the last.
            row |= {"kimg": 2.0, "curve": points}
        _write(path, row)
        frames = 8 if "tgan" in name else 16
        clips = np.random.default_rng(seed).integers(0, 256, (8, frames, 16, 16, 3), "u1")
        np.save(path.with_suffix(".npy"), clips)


def _write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
