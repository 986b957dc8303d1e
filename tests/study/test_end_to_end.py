"""A whole study with the real commands, in this process: one tiny TGAN on a few shapes."""

import dataclasses
import importlib
from pathlib import Path

import pytest

from commands import script
from study.catalogue import SCALES, Family, choose_systems
from study.drive import drive, is_done
from study.report import write_report
from study.runs import Budget, list_runs
from study.steps import Study


def run_here(command, log, note):
    """Runs a command of this project in this process."""
    name = Path(command[1]).stem
    words = command[2:]
    if name != "train":
        name, *words = words
    log.touch()
    status = script.call(importlib.import_module(f"commands.{name}"), words)
    note(1.0)
    return status or 0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    (shapes,) = SCALES["demo"].data
    shapes = dataclasses.replace(
        shapes,
        ladder="4x4x4 8x8x8",
        create=("--source_format=synthetic", "--max_clips=16", "--seed=0"),
        held_out=("--source_format=synthetic", "--max_clips=16", "--seed=7"),
    )
    settings = ("model.maps=2", "model.latent_size=4", "train.mirror=false")
    settings += ("schedule.minibatch=2", "train.steps_per_call=1")
    scale = dataclasses.replace(
        SCALES["demo"],
        data=(shapes,),
        families={"tgan": Family("tgan_demo", settings, one_rung=True, gflop=35.0)},
        clips=4,
        curve_clips=4,
        classifier=("--width=1", "--epochs=1"),
    )
    budgets = {"shapes": [Budget(kimg=0.032)]}
    runs = tuple(list_runs(scale, [shapes], budgets, choose_systems(["tgan"])))
    return Study(tmp_path_factory.mktemp("study"), scale, (shapes,), runs, {})


def test_a_tiny_study(study):
    drive(study, list, run_here)
    assert all(is_done(study, step) for step in study.steps())
    (table,) = write_report(study)
    rows = {row.name: row.seeds for row in table.rows}
    assert list(rows) == ["real", "real-frozen", "real-shuffled", "tgan"]
    (tgan,) = rows["tgan"]
    assert tgan["kimg"] == 0.032
    assert len(tgan["curve"]) >= 4
    assert tgan["curve"][0]["seconds"] < tgan["curve"][-1]["seconds"]
    assert rows["real"][0]["memorisation"] > 0
    assert rows["real-frozen"][0]["motion"] == 0 < rows["real-shuffled"][0]["motion"]
    for name in ("index.html", "tables.tex", "figure_8_5-shapes-0.032kimg.png"):
        assert (study.folder / name).stat().st_size > 100
    assert (study.folder / "samples-shapes-0.032kimg-tgan.webp").exists()
