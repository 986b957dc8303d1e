"""Runs the steps of a study, one at a time; what is done is not repeated."""

import dataclasses
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from config import from_dict
from study.held_out import write_held_out
from study.steps import Step, Study
from support.errors import UserError
from support.files import clear_abandoned, lock, make_folder, write_json
from support.json_files import read_json
from support.processes import run_counted
from support.script import say

_ROOT = Path(__file__).resolve().parent.parent
_SIGNALS = {128 + signal.SIGINT: 130, 128 + signal.SIGTERM: 143}
_SCHEMA = {"command": [str], "state": str, "cpu_seconds": float, "attempts": int, "reason": str}
Runner = Callable[[Sequence[str], Path, Callable[[float], None]], int]


@dataclasses.dataclass(frozen=True)
class Record:
    """What is known of a step; it is stored before and after each attempt."""

    command: tuple[str, ...]
    state: str = "waiting"  # running, finished, failed or interrupted
    cpu_seconds: float = 0.0  # of all attempts that ended
    attempts: int = 0
    reason: str = ""  # the last line of a command that failed

    def with_(self, **changes: Any) -> "Record":
        """A copy with other values."""
        return dataclasses.replace(self, **changes)


def record_path(study: Study, step: Step) -> Path:
    """Where the record of a step is stored."""
    return study.folder / "steps" / f"{step.name}.json"


def read_record(study: Study, step: Step) -> Record:
    """The record of a step."""
    path = record_path(study, step)
    if not path.exists():
        return Record(step.command)
    stored = read_json(path, _SCHEMA)
    return Record(**stored | {"command": tuple(stored["command"])})


def is_done(study: Study, step: Step) -> bool:
    """Whether the step has been done with the same command, and its output is still there.

    Outputs appear whole and last, except for the run folder of a training.
    """
    record = read_record(study, step)
    whole = record.state == "finished" or (record.attempts > 0 and not step.trains)
    return record.command == step.command and whole and step.output.exists()


def drive(study: Study, report: Callable[[], object], run: Runner = run_counted):
    """Runs all steps that are not done.

    A training or a row that fails is recorded, and tried again the next time.

    Args:
        study: to complete.
        report: called after each row, to write the tables anew.
        run: runs a command, as `support.processes.run_counted` does.

    Raises:
        UserError: another process works on the study, a step that others need has failed, or a run
            was trained with other settings than it has now.
        SystemExit: a command was interrupted.
    """
    for name in ("steps", "logs", "results", "configs", "data"):
        make_folder(study.folder / name)
    for data in study.data:
        if data.last_share:
            share = data.last_share
            write_held_out(study.sources[data.name], share, study.held_out_list(data))
    with lock(study.folder / "lock", f"Cannot work on {study.folder}: another process does."):
        clear_abandoned(study.folder / "results")
        _check_settings(study)
        failed = set()
        for step in study.steps():
            if step.run and step.run.name in failed:
                continue
            if is_done(study, step):
                continue
            record = _attempt(study, step, run)
            if record.state == "failed":
                if step.run is None:
                    raise UserError(
                        f"Cannot finish {step.name}: {record.reason} Its log is "
                        f"{_log(study, step)}."
                    )
                failed.add(step.run.name)
            if not step.trains:
                report()


def _check_settings(study):
    """Raises `UserError` for a run that was begun with other settings."""
    for run in study.runs:
        path = study.config_path(run)
        if path.exists() and from_dict(read_json(path, dict)) != run.config:
            raise UserError(
                f"Cannot continue {study.folder}: {run.name} was trained with other settings than "
                f"it has now. Delete {path} and {study.run_folder(run)} to train it again, or use "
                "another --output."
            )


def _attempt(study, step, run):
    """Runs the command of a step once; returns its record."""
    path = record_path(study, step)
    before = read_record(study, step)
    record = before.with_(command=step.command, state="running", attempts=before.attempts + 1)
    if step.trains:
        write_json(study.config_path(step.run), step.run.config.as_dict())
        study.result(step.run.name).unlink(missing_ok=True)  # A row of another training.
    elif step.is_row:
        step.output.unlink(missing_ok=True)  # A row of another command.
    write_json(path, record.__dict__)
    say(f"{step.name} ...")
    spent = []
    try:
        script, *flags = step.command
        command = [sys.executable, str(_ROOT / script), *flags]
        status = run(command, _log(study, step), spent.append)
    except BaseException:
        seconds = record.cpu_seconds + sum(spent)
        write_json(path, record.with_(state="interrupted", cpu_seconds=seconds).__dict__)
        raise
    reason = "" if status == 0 else _last_line(_log(study, step))
    record = record.with_(
        state={0: "finished"}.get(status, "interrupted" if status in _SIGNALS else "failed"),
        cpu_seconds=round(record.cpu_seconds + sum(spent), 2),
        reason=reason,
    )
    write_json(path, record.__dict__)
    minutes = sum(spent) / 60
    say(f"{step.name} {record.state} after {minutes:.1f} CPU minutes{f': {reason}' * bool(reason)}")
    if status in _SIGNALS:
        sys.exit(_SIGNALS[status])
    return record


def _log(study, step):
    return study.folder / "logs" / f"{step.name}.log"


def _last_line(path):
    """The last line that a command printed, as a sentence."""
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    found = [line.strip() for line in lines if line.strip()]
    return found[-1].removeprefix("Error: ") if found else "it printed nothing."
