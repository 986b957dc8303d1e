"""The folder of a run: its config, lock, checkpoints and history.

config.json       the resolved config, the data set and the versions it was started with; the model
                  that it started from, and the plan for its time budget, where there are such
checkpoints/      all that training needs to resume
snapshots/        weights of the generator that makes samples, each with its card
samples/          pictures of the fixed latents, and of the reals at each rung
history.jsonl     losses, rates and distances, one line per tick
scores.jsonl      one line per score, where scores are computed
data_files.json   sizes and times of the data set's files when they were checked
starts.jsonl      command line, commit, host and devices, one line per start
status.json       what the run is doing now
log.txt           what was printed, with times
report/           the HTML page
events.*          TensorBoard
"""

import contextlib
import json
import time
from pathlib import Path

from config import Config, from_dict, list_settings
from run_folder.checkpoint import Checkpoints, Resumable
from run_folder.reading import (
    DATA_FILES,
    HISTORY,
    LOG,
    SCORES,
    STARTS,
    read_description,
    read_history,
    read_starts,
)
from run_folder.starts import describe_start, versions
from run_folder.status import STATUS, Status
from support.errors import UserError
from support.files import (
    clear_abandoned,
    is_vacant,
    lock,
    make_folder,
    read_json_lines,
    write_atomically,
    write_json,
)
from support.media import known_rate
from support.resume import check_same, differences
from support.script import say
from support.text import utc_now


class RunFolder(contextlib.AbstractContextManager):
    """Creates or reopens the folder of a run, and locks it until it is closed.

    Attributes:
        fps: frames per second of its data set; None where it is not known.

    Args:
        path: of the folder.
        config: of the run.
        data: "folder" and "sha256" of the data set, its "skipped" clips, and its "fps".
        start_over: whether to train from the beginning where the checkpoints are lost.
        init: what it took over from a model, where a new run starts from one.
        plan: of its time budget, where it has one.

    Attributes:
        description: what config.json holds.

    Raises:
        UserError: a folder of something else, of a run with another config or data set, or of one
            that is running now.
    """

    def __init__(
        self,
        path: Path,
        config: Config,
        data: dict,
        start_over: bool = False,
        init: dict | None = None,
        plan: dict | None = None,
    ):
        self.path, self.config, self.start_over = Path(path), config, start_over
        description = {"config": config.as_dict(), "data": data, "versions": versions()}
        if not _is_new(self.path):
            known = read_description(self.path)
            check_same_config(self.path, from_dict(known["config"]), config)
            _check_same_data(self.path, known["data"], data)
            description = known | {"config": config.as_dict()}
        self.fps = known_rate(description["data"].get("fps"))
        description |= {k: v for k, v in (("init", init), ("plan", plan)) if v}
        make_folder(self.path)
        self._lock = lock(
            self.path / "lock",
            f"Cannot train in {self.path}: another process trains there.",
        )
        clear_abandoned(self.path)
        write_json(self.path / "config.json", description)
        self.description = description
        self._identity = _identity(self.path)
        self.status = Status(self.path / STATUS)
        self.status.write("starting")
        if changed := differences(description["versions"], versions()):
            old = ", ".join(f"{name} {version}" for name, (version, _) in changed.items())
            self.log(f"Warning: {path} was started with other versions: {old}.")
        self.checkpoints = Checkpoints(self.path / "checkpoints", config.train, self.log)

    def __exit__(self, kind=None, error=None, _trace=None):
        if _identity(self.path) == self._identity:
            if isinstance(error, Exception):
                self.status.write("failed", f"{error}".partition("\n")[0] or kind.__name__)
            elif error is not None:
                self.status.write("interrupted", "stopped without saving")
        self._lock.close()

    def check_is_there(self):
        """Raises `UserError` where the folder was moved or deleted since it was opened."""
        if _identity(self.path) != self._identity:
            raise UserError(
                f"Cannot write to {self.path}: the folder was moved or deleted while it trained. "
                "Move it back, and run the same command again to resume from its last checkpoint."
            )

    def restore_latest(self, trainer: Resumable):
        """Loads the newest checkpoint into `trainer`; in a new run saves the first one.

        Raises:
            UserError: the run has a history but no whole checkpoint, and does not start over.
        """
        if not self.checkpoints.restore_latest(trainer):
            history = self.history()
            if history and not self.start_over:
                raise UserError(
                    f"Cannot resume {self.path}: its history reaches kimg {history[-1]['kimg']:g}, "
                    "but there is no whole checkpoint. Restore checkpoints/ from a backup, choose "
                    "another run folder, or use `start_over` to train again from the beginning."
                )
            self.checkpoints.save(trainer)  # A disk that cannot be written is found now.
        self._begin(trainer)

    def roll_back(self, trainer: Resumable):
        """Restores the newest checkpoint, since losses or gradients are not finite.

        Raises:
            UserError: that was done `train.rollbacks` times before.
        """
        kimg, skips = trainer.nimg / 1000, f"{trainer.skipped_in_a_row} steps in a row"
        if trainer.rollbacks >= self.config.train.rollbacks:
            raise UserError(
                f"Training diverged: {trainer.fault}, in {skips} up to kimg {kimg:g}, after "
                f"{trainer.rollbacks} rollbacks (`train.rollbacks`). Try lower learning rates."
            )
        fault = trainer.fault
        self.checkpoints.roll_back(trainer)
        self.log(
            f"Warning: {fault}, in {skips} up to kimg {kimg:g}. Back to kimg "
            f"{trainer.nimg / 1000:g} with other noise ({trainer.rollbacks} of "
            f"{self.config.train.rollbacks} times)"
        )
        self._begin(trainer)

    def _begin(self, trainer):
        self._saved = time.monotonic()
        for name in (HISTORY, SCORES):
            _forget_later(self.path / name, trainer.nimg)

    def save_is_due(self) -> bool:
        """Whether the last checkpoint is `train.checkpoint_minutes` old."""
        return time.monotonic() - self._saved > self.config.train.checkpoint_minutes * 60

    def save(self, trainer: Resumable):
        """Saves a checkpoint; an interrupted one is never mistaken for a whole one.

        Raises:
            UserError: it cannot be written, or the folder was moved or deleted.
        """
        self.check_is_there()
        self.status.write("saving")
        self.checkpoints.save(trainer)
        self.status.write("training")
        self._saved = time.monotonic()

    def store_plan(self, config: Config, plan: dict):
        """Stores a plan, and the config that follows from it, for cards and for resuming."""
        self.check_is_there()
        now = {"config": config.as_dict(), "plan": plan}
        write_json(self.path / "config.json", read_description(self.path) | now)

    def store_data_files(self, files: dict[str, list[int]]):
        """Stores the sizes and times of the files of the data set, once they were checked."""
        if files:
            write_json(self.path / DATA_FILES, files)

    def append_start(self, devices: list[str], kimg: float):
        """Appends a line to the starts: training begins or resumes at `kimg` on `devices`."""
        _append_line(self.path / STARTS, json.dumps(describe_start(devices, kimg)))

    def starts(self) -> list[dict]:
        """The lines that `append_start` wrote so far."""
        return read_starts(self.path)

    def history(self) -> list[dict]:
        """The lines that `append_history` wrote so far."""
        return read_history(self.path)

    def append_history(self, line: dict):
        """Appends a line to the history."""
        _append_line(self.path / HISTORY, json.dumps(line))

    def append_score(self, line: dict):
        """Appends a line to the scores."""
        _append_line(self.path / SCORES, json.dumps(line))

    def log(self, text: str):
        """Prints `text`, unless its reader has ended, and appends it to the log."""
        say(text)
        _append_line(self.path / LOG, f"{utc_now()} {text}")

    def end(self, state: str, sentence: str):
        """Logs the last `sentence`, and stores it with the `state` in the status."""
        self.log(sentence)
        self.status.write(state, sentence)


def _is_new(path):
    """Whether there is nothing, or what a process left that was killed at its very start."""
    return is_vacant(path, "lock")


def _append_line(path, line):
    try:
        with open(path, "a") as file:
            file.write(line + "\n")
    except OSError as error:  # Which may not name the file.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _forget_later(path, nimg):
    """Drops the lines after `nimg`: a killed run reported more than its last checkpoint holds."""
    if path.exists():
        kept = [line for line in read_json_lines(path) if line["nimg"] <= nimg]
        with write_atomically(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept))


def check_same_config(path: Path, known: Config, given: Config):
    """Raises `UserError` where settings differ that a run may not change."""
    may_change = {setting.key for setting in list_settings(given) if setting.may_change}
    before, now = known.as_dict(), given.as_dict()
    for tree in (before, now):
        for key in may_change:
            section, _, name = key.rpartition(".")
            tree[section].pop(name)
    check_same(path, before, now, "Use the same settings, or another run folder.")


def _check_same_data(path, known, given):
    if known.get("sha256") != given["sha256"]:
        raise UserError(
            f"Cannot resume {path} with the data set {given['folder']}: it was started with "
            f"{known.get('folder')}, which holds other clips."
        )
    before, now = known.get("skipped", []), given.get("skipped", [])
    if before != now:
        raise UserError(
            f"Cannot resume {path} with the data set {given['folder']}: {len(now)} damaged clips "
            f"are skipped now, but {len(before)} were when it was started."
        )


def _identity(path):
    """Device and inode of a folder; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
