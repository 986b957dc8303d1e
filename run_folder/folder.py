"""The folder of a run: its config, lock, checkpoints and history.

config.json       the resolved config, the data set and the versions it was started with
checkpoints/      all that training needs to resume
snapshots/        weights of the generator that makes samples, each with its card
samples/          pictures of the fixed latents, and of the reals at each rung
history.jsonl     losses, rates and distances, one line per tick
scores.jsonl      one line per score, where scores are computed
data_files.json   sizes and times of the data set's files when they were checked
status.json       what the run is doing now
log.txt           what was printed
events.*          TensorBoard
"""

import contextlib
import json
import platform
import time
from pathlib import Path

import keras
import tensorflow as tf

from config import Config, from_dict, list_settings
from run_folder.checkpoint import Checkpoints, Resumable
from run_folder.reading import DATA_FILES, HISTORY, SCORES, read_description, read_history
from run_folder.status import Status
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


class RunFolder(contextlib.AbstractContextManager):
    """Creates or reopens the folder of a run, and locks it until it is closed.

    Args:
        path: of the folder.
        config: of the run.
        data: "folder" and "sha256" of the data set, and which clips of it are "skipped".

    Raises:
        UserError: a folder of something else, of a run with another config or data set, or of one
            that is running now.
    """

    def __init__(self, path: Path, config: Config, data: dict[str, str]):
        self.path, self.config = Path(path), config
        description = {"config": config.as_dict(), "data": data, "versions": _versions()}
        if not _is_new(self.path):
            known = read_description(self.path)
            _check_same(path, from_dict(known["config"]), config)
            _check_same_data(path, known["data"], data)
            description = known | {"config": config.as_dict()}
        make_folder(self.path)
        self._lock = lock(
            self.path / "lock",
            f"--run should not be in use. Received: {self.path}, where another process trains",
        )
        clear_abandoned(self.path)
        write_json(self.path / "config.json", description)
        self.status = Status(self.path / "status.json")
        self.status.write("starting")
        if changed := _differences(description["versions"], _versions()):
            self.log(f"Warning: {path} was started with other versions: {changed}")
        self.checkpoints = Checkpoints(self.path / "checkpoints", config.train, self.log)

    def __exit__(self, kind=None, error=None, _trace=None):
        if isinstance(error, Exception):
            self.status.write("failed", f"{error}".partition("\n")[0] or kind.__name__)
        elif error is not None:
            self.status.write("interrupted", "stopped without saving")
        self._lock.close()

    def restore_latest(self, trainer: Resumable):
        """Loads the newest checkpoint into `trainer`; in a new run saves the first one."""
        if not self.checkpoints.restore_latest(trainer):
            self.checkpoints.save(trainer)  # A disk that cannot be written is found now.
        self._begin(trainer)

    def roll_back(self, trainer: Resumable):
        """Goes back to the newest checkpoint, since losses or gradients are not finite.

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
        """Saves a checkpoint; one that was cut short is never taken for a whole one.

        Raises:
            UserError: the disk is full; the checkpoints before it stay as they are.
        """
        self.status.write("saving")
        self.checkpoints.save(trainer)
        self.status.write("training")
        self._saved = time.monotonic()

    def store_data_files(self, files: dict[str, list[int]]):
        """Stores the sizes and times of the files of the data set, once they were checked."""
        if files:
            write_json(self.path / DATA_FILES, files)

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
        """Prints `text`, and appends it to the log."""
        print(text, flush=True)
        _append_line(self.path / "log.txt", text)

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


def _versions():
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def _check_same(path, known, given):
    before, now = _flatten(known.as_dict()), _flatten(given.as_dict())
    may_change = {f.key for f in list_settings(given) if f.may_change}
    for settings in (before, now):
        for key in list(settings):
            if key in may_change:
                del settings[key]
    if changed := _differences(before, now):
        raise UserError(f"--run should be of the same config. Received: {path}, with {changed}")


def _check_same_data(path, known, given):
    if known["sha256"] != given["sha256"]:
        raise UserError(
            f"--data should be {known['folder']}, with which {path} was started. "
            f"Received: {given['folder']}, which holds other clips"
        )
    before, now = known.get("skipped", []), given.get("skipped", [])
    if before != now:
        raise UserError(
            f"--data should lack the {len(before)} damaged clips that it lacked when {path} was "
            f"started. Received: {given['folder']}, where {len(now)} are skipped"
        )


def _differences(before, now):
    """Such as "train.seed = 0 there, 1 here", of the first five; "" where there are none."""
    changed = [
        f"{key} = {before.get(key)} there, {now.get(key)} here"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    return "; ".join(changed[:5])


def _flatten(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    parts = [_flatten(v, f"{prefix}.{k}" if prefix else str(k)) for k, v in tree.items()]
    return {key: value for part in parts for key, value in part.items()}
