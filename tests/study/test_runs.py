"""The plan: configs of runs, data sets, commands, and time."""

import dataclasses

import pytest

from commands import create_tfrecords, measure, train, train_c3d
from commands.parser import Parser
from config import from_dict
from growth.phase import list_phases
from growth.planner import RULE
from study.catalogue import SCALES, SYSTEMS, System, choose_systems
from study.plan import describe_plan
from study.runs import Budget, config_of, list_runs
from study.steps import Study
from support.errors import UserError
from tests.study.toys import make_study
from training.planning import open_settings

ALL = [
    (scale, data.name, s.name) for scale in SCALES for data in SCALES[scale].data for s in SYSTEMS
]


@pytest.mark.parametrize(("scale", "data", "name"), ALL)
def test_every_config_can_be_trained(scale, data, name):
    chosen = SCALES[scale]
    one = next(one for one in chosen.data if one.name == data)
    (system,) = choose_systems([name])
    for budget in (Budget(minutes=60), Budget(kimg=60), Budget()):
        config = config_of(chosen, one, budget, system, seed=3)
        assert from_dict(config.as_dict()) == config
        assert config.train.seed == 3
        assert config.train.snapshot_ticks * config.train.tick_kimg * 10 == pytest.approx(
            config.train.total_kimg if not budget.minutes else 4 * 20 * 10, rel=1e-3
        )
        if scale != "paper":
            assert config.ladder[-1].shape == tuple(map(int, one.ladder.split()[-1].split("x")))
            assert not config.train.mirror


def test_clips_are_shared_by_the_rungs():
    scale = SCALES["laptop"]
    (swgan,) = choose_systems(["swgan"])
    config = config_of(scale, scale.data[0], Budget(kimg=10 * (4 + 3 * RULE.fade)), swgan, 0)
    phases = list_phases(config.schedule, config.ladder)
    ends = [phase.end or 1000 * config.train.total_kimg for phase in phases]
    lengths = [end - phase.begin for phase, end in zip(phases, ends, strict=True)]
    assert lengths == pytest.approx([10e3, *3 * [10e3 * RULE.fade, 10e3]], abs=40)


def test_a_budget_of_time_leaves_open_what_train_chooses():
    scale = SCALES["laptop"]
    (swgan,) = choose_systems(["swgan"])
    timed, counted = (
        open_settings(config_of(scale, scale.data[0], budget, swgan, 0), [])
        for budget in (Budget(minutes=5), Budget(kimg=60))
    )
    chosen = {"train.tick_kimg", "growth.feature_maps_base", "growth.feature_maps_max"}
    assert chosen <= timed
    assert not chosen & counted


def test_a_system_is_one_line(monkeypatch):
    line = System("tgan_vanilla", "TGAN, cross entropy", "tgan", ("model.variant=vanilla",))
    monkeypatch.setattr("study.catalogue.SYSTEMS", (*SYSTEMS, line))
    (system,) = choose_systems(["tgan_vanilla"])
    scale = SCALES["demo"]
    (run,) = list_runs(
        dataclasses.replace(scale, seeds=(0,)), list(scale.data), {"shapes": [Budget(2)]}, [system]
    )
    assert run.config.model.variant == "vanilla"
    assert run.name == "shapes-2min-tgan_vanilla-0"
    with pytest.raises(UserError, match="`systems` should be of vgan_one, .* Received: dcgan"):
        choose_systems(["dcgan"])


def test_steps_of_a_study(tmp_path):
    study = make_study(tmp_path, seeds=(0,), budgets={"shapes": [Budget(minutes=3)]})
    steps = {step.name: step for step in study.steps()}
    assert list(steps)[:3] == ["data-shapes", "data-shapes-val", "classifier-shapes"]
    train = steps["train-shapes-3min-swgan-0"]
    assert "--clock=cpu" in train.command
    assert train.command[-3:] == ("--hours=0.05", "--set", "network.rgb=finest")
    assert train.seconds == 180
    assert "--control=frozen" in steps["real-shapes-frozen"].command
    names = list(steps)
    assert names.index("train-shapes-3min-tgan-0") + 1 == names.index("shapes-3min-tgan-0")


def test_clips_of_another_size_have_data_of_their_own(tmp_path):
    scale = SCALES["paper"]
    data = [scale.data[0]]
    systems = choose_systems(["tgan", "swgan"])
    runs = tuple(list_runs(scale, data, {"ucf101": [Budget()]}, systems))
    weights = tmp_path / "c3d.weights.h5"
    study = Study(tmp_path, scale, tuple(data), runs, {"ucf101": tmp_path}, weights)
    steps = {step.name: step for step in study.steps()}
    assert [name for name in steps if name.startswith("data-")] == [
        "data-ucf101",
        "data-ucf101-val",
        "data-ucf101-16x64x64",
        "data-ucf101-16x64x64-val",
    ]
    assert not [name for name in steps if name.startswith("classifier")]
    row = steps["ucf101-published-tgan-0"].command
    assert f"--data={tmp_path}/data/ucf101-16x64x64" in row
    assert f"--reference={tmp_path}/data/ucf101" in row
    assert f"--weights={weights}" in row
    assert not [f for f in steps["ucf101-published-swgan-0"].command if "reference" in f]
    assert not [f for f in steps["train-ucf101-published-tgan-0"].command if "hours" in f]


@pytest.mark.parametrize("scale", SCALES)
def test_the_commands_have_flags_that_are_known(tmp_path, scale):
    scale = SCALES[scale]
    budgets = {data.name: [Budget(minutes=1)] for data in scale.data}
    runs = tuple(list_runs(scale, list(scale.data), budgets, list(SYSTEMS)))
    sources = {data.name: tmp_path for data in scale.data}
    weights = None if scale.classifier else tmp_path / "c3d.weights.h5"
    study = Study(tmp_path, scale, tuple(scale.data), runs, sources, weights)
    modules = {"create_tfrecords": create_tfrecords, "train_c3d": train_c3d, "measure": measure}
    seen = set()
    for step in study.steps():
        if step.trains:
            preset = [
                "--config=demo",
                *step.command[2:],
            ]  # The file of the config is not there yet.
            module, argv = train, preset
        else:
            module, argv = modules[step.command[1]], step.command[2:]
        parser = Parser()
        module.flags(parser)
        parser.parse_args(argv)
        seen.add(module)
    assert len(seen) == (4 if scale.classifier else 3)


def test_the_plan_sums_up_the_time(tmp_path):
    study = make_study(tmp_path, seeds=(0, 1), budgets={"shapes": [Budget(minutes=3)]})
    text = describe_plan(study)
    assert "0 of 14 steps are done" in text
    assert "2 runs" in text
    assert "train.py" not in text
    assert "python train.py --config=" in describe_plan(study, commands=True)


@pytest.mark.parametrize("name", [system.name for system in SYSTEMS])
def test_more_clips_take_longer(name):
    scale = SCALES["laptop"]
    seconds = []
    for kimg in (30, 60):
        (run,) = list_runs(
            dataclasses.replace(scale, seeds=(0,)),
            [scale.data[0]],
            {"shapes": [Budget(kimg=kimg)]},
            choose_systems([name]),
        )
        seconds.append(run.seconds(scale.families[run.system.family]))
    assert seconds[1] == pytest.approx(2 * seconds[0], rel=0.05)
    assert 60 < seconds[0] < 10 * 3600
