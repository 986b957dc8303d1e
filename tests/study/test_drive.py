"""A study is completed step by step, and resumes wherever it was stopped."""

import dataclasses
import shutil

import pytest

from study.drive import drive, is_done, read_record
from study.plan import describe_plan
from support.errors import UserError
from support.files import lock
from tests.study.toys import Runner, make_study


def complete(study, runner):
    reports = []
    drive(study, lambda: reports.append(1), runner)
    return reports


def test_every_step_is_run_once(tmp_path):
    study, runner = make_study(tmp_path), Runner()
    reports = complete(study, runner)
    steps = list(study.steps())
    # Two data sets, a classifier, three kinds of reals; a training and a row of each run.
    assert len(runner.commands) == len(steps) == 6 + 2 * 8
    assert len(reports) == len(steps) - 8
    assert all(is_done(study, step) for step in steps)
    assert read_record(study, steps[-1]).cpu_seconds == 90
    assert "22 of 22 steps are done" in describe_plan(study)
    again = Runner()
    assert complete(study, again) == []
    assert again.commands == []


def test_more_seeds_add_their_runs_only(tmp_path):
    complete(make_study(tmp_path, seeds=(0,)), Runner())
    runner = Runner()
    complete(make_study(tmp_path, seeds=(0, 1)), runner)
    assert len(runner.commands) == 2 * 4
    assert all("-1.json" in command for command in runner.commands)


def test_runs_of_other_settings_are_not_taken_for_these(tmp_path):
    complete(make_study(tmp_path, seeds=(0,)), Runner())
    study = make_study(tmp_path, seeds=(0,))
    run = study.runs[0]
    other = dataclasses.replace(run, config=run.config.override(["train.tick_kimg=3"]))
    study = dataclasses.replace(study, runs=(other, *study.runs[1:]))
    runner = Runner()
    with pytest.raises(UserError, match=f"{run.name} was trained with other settings .* Delete"):
        complete(study, runner)
    assert runner.commands == []
    study.config_path(run).unlink()
    shutil.rmtree(study.run_folder(run))
    complete(study, runner)
    assert [command.split()[0].split("/")[-1] for command in runner.commands] == [
        "train.py",
        "evaluate.py",
    ]
    assert all(run.name in command for command in runner.commands)


class Killed(BaseException):
    """Raised in place of the end of the process."""


class KilledRunner(Runner):
    """Is killed within or after a command: before or after it writes its output."""

    def __init__(self, after: int, within: bool):
        super().__init__()
        self.after, self.within = after, within

    def __call__(self, command, log, note):
        if len(self.commands) == self.after and self.within:
            note(30.0)
            raise Killed
        status = super().__call__(command, log, note)
        if len(self.commands) == self.after + 1 and not self.within:
            raise Killed
        return status


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("after", [0, 2, 3, 6, 7, 12, 13])
def test_a_study_resumes_after_a_kill(tmp_path, after, within):
    study = make_study(tmp_path, seeds=(0,))
    with pytest.raises(Killed):
        complete(study, KilledRunner(after, within))
    steps = list(study.steps())
    # What is written whole and last is done, although the record lacks its end.
    again = within or steps[after].trains
    done = after + (not again)
    assert [is_done(study, step) for step in steps] == [i < done for i in range(len(steps))]
    assert read_record(study, steps[after]).state == "interrupted"
    runner = Runner()
    complete(study, runner)
    assert len(runner.commands) == len(steps) - done
    record = read_record(study, steps[after])
    assert record.attempts == 1 + again
    assert record.cpu_seconds == (30 if within else 90) + 90 * again  # Both attempts count.


def test_a_process_that_is_killed_leaves_a_step_to_repeat(tmp_path):
    study = make_study(tmp_path, seeds=(0,))
    complete(study, Runner())
    step = next(step for step in study.steps() if step.trains)
    path = tmp_path / "steps" / f"{step.name}.json"
    path.write_text(path.read_text().replace("finished", "running"))
    runner = Runner()
    complete(study, runner)
    assert len(runner.commands) == 2  # The row is measured again, too.
    assert all(f"--run={step.output.parent}" in command for command in runner.commands)


def test_a_lost_row_and_another_number_of_clips_are_measured_again(tmp_path):
    study = make_study(tmp_path, seeds=(0,))
    complete(study, Runner())
    study.result("shapes-2min-tgan-0").unlink()
    runner = Runner()
    complete(study, runner)
    assert len(runner.commands) == 1
    other = dataclasses.replace(study, scale=dataclasses.replace(study.scale, clips=64))
    runner = Runner()
    complete(other, runner)
    assert len(runner.commands) == 3 + 4
    assert all("measure" in command for command in runner.commands)


def test_a_run_that_diverges_does_not_end_the_study(tmp_path, capsys):
    study = make_study(tmp_path, seeds=(0,))
    runner = Runner(fails=["train.py --config=" + str(tmp_path / "configs" / "shapes-2min-tgan")])
    complete(study, runner)
    assert "train-shapes-2min-tgan-0 failed" in capsys.readouterr().out
    training, row = list(study.steps())[6:8]
    assert read_record(study, training).reason == "Training diverged."
    assert read_record(study, row).state == "waiting"
    again = Runner()
    complete(study, again)
    assert len(again.commands) == 2


def test_a_step_that_others_need_ends_it(tmp_path):
    study = make_study(tmp_path)
    with pytest.raises(UserError, match="Cannot finish classifier-shapes: Training diverged. Its"):
        complete(study, Runner(fails=["train_c3d"]))
    with (
        lock(tmp_path / "lock", ""),
        pytest.raises(UserError, match="Cannot work on .*: another process does"),
    ):
        complete(study, Runner())


def test_an_interrupted_command_ends_with_its_status(tmp_path):
    def interrupted(command, log, note):
        note(1.0)
        return 143

    with pytest.raises(SystemExit) as end:
        drive(make_study(tmp_path), list, interrupted)
    assert end.value.code == 143
