"""Plans of runs, on machines of known speed; nothing is trained."""

import dataclasses
import json
import types

import pytest

from config import demo, preset
from growth.cost import clip_cost
from growth.phase import list_phases, phase_at
from growth.planner import RULE
from run_folder.folder import RunFolder
from run_folder.reading import read_description
from support.clock import CLOCKS
from support.errors import UserError
from training import planning
from training.budget import Budget
from training.forecast import Forecast, Measured
from training.loop import Call
from training.planning import describe_plan, measured_in, open_settings, plan_run, with_plan

WIDE = ("growth.feature_maps_max=64", "growth.feature_maps_base=512")
DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


class Machine(list):
    """The configs that were measured."""

    bfloat16 = 1.0  # times as fast as float32


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Half as fast as that of growth/cost.py; measures the second rung and the last."""
    measured = Machine()

    def measure(config, strategy, seconds, clock):
        measured.append(config)
        phases = list_phases(config.schedule, config.ladder)
        chosen = [phase for phase in phases if phase.index in (2, phases[-1].index)]
        factor = 2 if config.network.precision == "float32" else 2 / measured.bfloat16
        rates = {phase.index: factor * clip_cost(phase, config.ladder) for phase in chosen}
        return Measured(rates, tracing=2.0)

    monkeypatch.setattr(planning, "measure", measure)
    return measured


def plan(config, hours, run, given=()):
    return plan_run(config.override(given), given, hours, run, None, CLOCKS["wall"]())


def test_without_hours_there_is_no_plan(tmp_path):
    assert plan(demo(), None, tmp_path) == (demo(), None)


def test_small_budgets_choose_what_the_preset_leaves_open(tmp_path, machine):
    config, record = plan(preset("actions"), 1.6, tmp_path)
    assert [rung.feature_maps for rung in config.ladder] == [32, 32, 32, 16, 8]
    assert config.schedule.minibatch == {4: 8}
    assert config.schedule.generator_rate == config.schedule.critic_rate == {4: 4e-3, 64: 2e-3}
    assert config.network.rgb == "all"
    assert not any(phase.fading for phase in list_phases(config.schedule, config.ladder))
    assert config.schedule.decay_kimg == pytest.approx(
        RULE.falling * config.schedule.lod_training_kimg[64], rel=0.01
    )
    assert 0.99 < config.train.running_average < 0.999
    assert 35 < config.train.total_kimg / config.train.tick_kimg < 45
    assert Forecast(config, measured_in(record)).seconds_left(0) == pytest.approx(5760, rel=0.05)
    assert config.network.precision == "float32"
    text = describe_plan(config, record)
    assert "Plan for 1.6 hours" in text
    assert len([line for line in text.splitlines() if line.endswith("*")]) == 3
    assert "16x64x64     stable" in text


def test_the_shorter_the_budget_the_smaller_the_networks(tmp_path, machine):
    widths, clips, last = [], [], preset("actions").ladder[-1].height
    for hours in (0.3, 1.4, 8, 40, 2000):
        config, record = plan(preset("actions"), hours, tmp_path)
        widths.append(config.ladder[0].feature_maps)
        clips.append(config.train.distance_clips)
        kimg = config.schedule.lod_training_kimg[last]
        assert kimg > RULE.short_kimg or widths[-1] == 16
        assert Forecast(config, measured_in(record)).seconds_left(0) == pytest.approx(
            3600 * hours, rel=0.05
        )
    assert widths == [16, 32, 64, 64, 128]
    assert clips[0] < clips[1] == 512


def test_a_run_that_starts_from_another_has_its_widths(tmp_path, machine):
    source, _ = plan(preset("actions"), 0.3, tmp_path)
    assert source.growth.feature_maps_max == 16
    asked = preset("actions").override(["growth.resolution=32", "growth.num_frames=8"])
    hours, path = 0.5, tmp_path / "new"
    config, record = plan_run(asked, (), hours, path, None, CLOCKS["wall"](), source=source)
    assert [rung.feature_maps for rung in config.ladder] == [16, 16, 16, 8]
    assert config.schedule.minibatch == {4: 8}
    assert config.network.rgb == source.network.rgb == "all"
    assert record["asked"] == asked.as_dict()
    given = ["growth.feature_maps_max=32"]
    config, _ = plan_run(
        *(asked.override(given), given, hours, path, None, CLOCKS["wall"]()), source=source
    )
    assert config.growth.feature_maps_max == 32


def test_small_budgets_take_the_faster_precision(tmp_path, machine):
    machine.bfloat16 = 1.6
    slow, _ = plan(preset("actions"), 0.6, tmp_path, [*WIDE, "network.precision=float32"])
    assert "mixed_bfloat16" not in {config.network.precision for config in machine}
    config, record = plan(preset("actions"), 0.6, tmp_path, WIDE)
    assert config.network.precision == "mixed_bfloat16"
    assert 1.4 < config.train.total_kimg / slow.train.total_kimg < 1.6
    assert "64, 64, 64, 32, 16 in mixed_bfloat16;" in describe_plan(config, record)
    machine.bfloat16 = 1.05  # Not worth it.
    assert plan(preset("actions"), 0.6, tmp_path)[0].network.precision == "float32"
    machine.bfloat16 = 1.6
    two = ["growth.ladder=2x4x4 4x8x8 8x16x16 8x32x32"]
    assert plan(demo(), 0.1, tmp_path, two)[0].network.precision == "float32"
    assert plan(preset("actions"), 2000, tmp_path)[0].network.precision == "float32"


def test_colours_of_one_rung_fade(tmp_path):
    config, _ = plan(preset("actions"), 1.6, tmp_path, ["network.rgb=finest"])
    phases = list_phases(config.schedule, config.ladder)
    assert [phase.fading for phase in phases] == [False, *[True, False] * 4]


def test_reports_that_are_given_are_counted(tmp_path):
    few, often = (
        plan(preset("actions"), 1.6, tmp_path, [f"train.distance_ticks={ticks}"])
        for ticks in (20, 1)
    )
    assert often[0].train.total_kimg < 0.95 * few[0].train.total_kimg
    for config, record in (few, often):
        seconds = Forecast(config, measured_in(record)).seconds_left(0)
        assert seconds == pytest.approx(5760, rel=0.05)


def test_large_budgets_keep_the_released_settings(tmp_path, machine):
    config, _ = plan(preset("actions"), 2000, tmp_path)
    assert config.growth == preset("actions").growth
    assert config.schedule.minibatch == preset("actions").schedule.minibatch
    assert config.train.running_average == 0.999
    assert (config.network.rgb, config.schedule.decay_kimg) == ("finest", 0.0)
    assert any(phase.fading for phase in list_phases(config.schedule, config.ladder))
    assert len(machine) == 2  # The chosen networks were measured too.


def test_what_is_given_stays(tmp_path):
    given = ["growth.feature_maps_max=32", "schedule.minibatch.64=4", "train.tick_kimg=1"]
    config, _ = plan(preset("actions"), 1.2, tmp_path, given)
    assert [rung.feature_maps for rung in config.ladder] == [32, 32, 32, 16, 8]
    assert config.schedule.minibatch == preset("actions").schedule.minibatch | {64: 4}
    assert config.train.tick_kimg == 1
    is_open = open_settings(demo(), ["train.seed"])
    assert "network.stddev_group" in is_open
    assert not is_open & {"train.seed", "schedule.minibatch", "growth.feature_maps_base"}


def test_a_budget_that_is_too_short_names_the_size_that_it_reaches(tmp_path):
    with pytest.raises(
        UserError,
        match=r"--hours=0.02 does not reach 16x64x64 on this machine, which takes at least 0.\d+ "
        r"hours. It suffices for 8x32x32 \(--set growth.resolution=32 growth.num_frames=8\)",
    ):
        plan(preset("actions"), 0.02, tmp_path)
    with pytest.raises(UserError, match="It suffices for no rung"):
        plan(preset("actions"), 1e-4, tmp_path)


@pytest.mark.parametrize(
    "given",
    ["train.total_kimg=9", "schedule.lod_training_kimg.16=2", "schedule.lod_training_kimg=2"],
)
def test_lengths_cannot_be_given_too(tmp_path, given):
    with pytest.raises(UserError, match="--hours chooses `.*`. Leave out this setting"):
        plan(demo(), 1, tmp_path, [given])


def test_a_run_resumes_with_its_plan(tmp_path):
    path = tmp_path / "run"
    config, record = plan(demo(), 1, path)
    with RunFolder(path, config, DATA, plan=record | {"used_seconds": 60.0}):
        pass
    used = record | {"used_seconds": 60.0}
    used = json.loads(json.dumps(used))
    assert plan(demo(), 1.0, path) == (config, used)  # The same command.
    assert plan(config, None, path) == (config, used)  # --run alone.
    assert plan(demo(), 2.0, path) == (config, used | {"hours": 2.0})
    changed, _ = plan(demo(), 1.0, path, ["train.keep_checkpoints=7"])
    assert changed.train.keep_checkpoints == 7
    assert changed.train.total_kimg == config.train.total_kimg
    with pytest.raises(UserError, match="created with train.seed=0, but train.seed=1 was given"):
        plan(demo(), 1.0, path, ["train.seed=1"])


def test_a_run_without_a_plan_is_not_planned(tmp_path):
    with RunFolder(tmp_path / "run", demo(), DATA):
        pass
    with pytest.raises(UserError, match="Cannot plan .*run: it was started without --hours"):
        plan(demo(), 1, tmp_path / "run")


@pytest.mark.parametrize("speed", [0.6, 1.7])
def test_a_run_keeps_its_budget_on_a_slower_or_faster_machine(tmp_path, monkeypatch, speed):
    now = [1000.0]
    monkeypatch.setitem(CLOCKS, "wall", lambda: now[0])
    path, hours = tmp_path / "run", 0.5
    config, record = plan(demo(), hours, path)
    planned = config.train.total_kimg
    with RunFolder(path, config, DATA, plan=record) as folder:
        trainer = types.SimpleNamespace(config=config, nimg=0)
        forecast, begin, traced = Forecast(config, measured_in(record)), now[0], set()
        watcher = Budget(folder, forecast, record, begin)
        while trainer.nimg < 1000 * trainer.config.train.total_kimg:
            phase = phase_at(trainer.nimg, trainer.config.schedule, config.ladder)
            steps = int(min(16, phase.steps_left()))
            clips = steps * phase.minibatch
            took = 2 * clips * clip_cost(phase, config.ladder) / speed
            took += 0 if phase.index in traced else 20
            traced.add(phase.index)
            now[0], trainer.nimg = now[0] + took, trainer.nimg + clips
            forecast.note_call(phase, steps, took)
            watcher.after(trainer, Call(phase, steps, steps, {}))
        watcher.end(trainer, None)
    assert now[0] - begin == pytest.approx(3600 * hours, rel=0.1)
    assert (trainer.config.train.total_kimg > planned) == (speed > 1)
    stored = read_description(path)
    assert stored["config"]["train"]["total_kimg"] == trainer.config.train.total_kimg
    assert stored["plan"]["used_seconds"] == pytest.approx(now[0] - begin, abs=0.1)
    assert trainer.config == with_plan(config, planning.plan_of(trainer.config))
    assert (
        dataclasses.replace(trainer.config, train=config.train, schedule=config.schedule) == config
    )
    with RunFolder(path, trainer.config, DATA) as folder:
        total = trainer.config.train.total_kimg
        # The same command again: there is no time left.
        Budget(folder, forecast, watcher.plan, now[0]).begin(trainer)
        assert trainer.config.train.total_kimg == total
        more = Budget(folder, forecast, watcher.plan | {"hours": 2 * hours}, now[0])
        more.begin(trainer)
        assert trainer.config.train.total_kimg > 1.3 * total


def test_a_budget_of_cpu_time(tmp_path, monkeypatch):
    now = [50.0]
    monkeypatch.setitem(CLOCKS, "cpu", lambda: now[0])
    path = tmp_path / "run"
    config, record = plan_run(demo(), (), 0.5, path, None, 20.0, "cpu")
    assert record["clock"] == "cpu"
    with RunFolder(path, config, DATA, plan=record) as folder:
        watcher = Budget(folder, Forecast(config, measured_in(record)), record, 20.0)
        now[0] += 100
        watcher.end(types.SimpleNamespace(config=config), None)
    assert read_description(path)["plan"]["used_seconds"] == 130
    with pytest.raises(UserError, match="`clock` should be cpu, as .*run was started. Received: w"):
        plan(config, None, path)
