"""The folder of a run: its config, lock, checkpoints and history.

config.json       the resolved config, the data set and the versions it was started with
checkpoints/      all that training needs to go on
snapshots/        weights of Gs, the generator's running average, each with its card
samples/          pictures of the fixed latents, and of the reals at each rung
history.jsonl     a line a tick: losses, rates, distances
scores.jsonl      a line a score, where scores are taken
log.txt           what was printed
events.*          TensorBoard
"""

import contextlib
import json
import platform
import shutil
import time
from pathlib import Path

import keras
import tensorflow as tf

from config import Config, from_dict
from support.errors import UserError
from support.files import lock, read_json_lines, write_atomically
from training.trainer import Trainer

# Settings that may change when a run goes on.
_MAY_CHANGE = {
    "total_kimg",
    "tick_kimg",
    "snapshot_ticks",
    "distance_ticks",
    "distance_clips",
    "checkpoint_minutes",
}
_HISTORY, _SCORES = "history.jsonl", "scores.jsonl"


class RunFolder(contextlib.AbstractContextManager):
    """Creates or reopens the folder of a run, and locks it until it is closed.

    Args:
        path: of the folder.
        config: of the run.
        data: "folder" and "sha256" of the data set.

    Raises:
        UserError: a folder of something else, of a run with another config or data set, or of one
            that is running now.
    """

    def __init__(self, path: Path, config: Config, data: dict[str, str]):
        self.path, self.config = Path(path), config
        description = {"config": config.as_dict(), "data": data, "versions": _versions()}
        if self.path.exists() and any(self.path.iterdir()):
            known = read_description(self.path)
            _check_same(path, from_dict(known["config"]), config)
            if known["data"]["sha256"] != data["sha256"]:
                raise UserError(
                    f"--data should be {known['data']['folder']}, with which {path} was started. "
                    f"Received: {data['folder']}, which holds other clips"
                )
            description = known | {"config": config.as_dict()}
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = lock(
            self.path / "lock",
            f"--run should not be in use. Received: {self.path}, where another process trains",
        )
        with write_atomically(self.path / "config.json") as temporary:
            temporary.write_text(json.dumps(description, indent=2))

    def __exit__(self, *_):
        self._lock.close()

    def restore_latest(self, trainer: Trainer):
        """Loads the newest checkpoint into `trainer`; does nothing in a new run."""
        self._manager = tf.train.CheckpointManager(
            trainer.checkpoint, str(self.path / "checkpoints"), max_to_keep=3
        )
        if self._manager.latest_checkpoint:
            trainer.checkpoint.restore(self._manager.latest_checkpoint).assert_consumed()
        self._saved = time.monotonic()
        for name in (_HISTORY, _SCORES):
            _forget_later(self.path / name, trainer.nimg)

    def save_is_due(self) -> bool:
        """Whether the last checkpoint is `train.checkpoint_minutes` old."""
        return time.monotonic() - self._saved > self.config.train.checkpoint_minutes * 60

    def save(self, trainer: Trainer):
        """Saves a checkpoint; one that was cut short is never taken for a whole one.

        Raises:
            UserError: the disk is full; the checkpoints before it stay as they are.
        """
        try:
            self._manager.save(checkpoint_number=trainer.nimg)
        except tf.errors.ResourceExhaustedError as error:
            for rest in (self.path / "checkpoints").glob("*_temp"):
                shutil.rmtree(rest, ignore_errors=True)
            raise UserError(
                f"--run should have room for a checkpoint. Received: {self.path}, full at kimg "
                f"{trainer.nimg / 1000:g} (the last checkpoint is whole: make room and go on)"
            ) from error
        self._saved = time.monotonic()

    def history(self) -> list[dict]:
        """What `tell` was told so far."""
        return read_history(self.path)

    def tell(self, line: dict):
        """Appends a line to the history."""
        _append_line(self.path / _HISTORY, line)

    def tell_score(self, line: dict):
        """Appends a line to the scores."""
        _append_line(self.path / _SCORES, line)

    def print(self, text: str):
        """Prints `text`, and keeps it in the log."""
        print(text, flush=True)
        with open(self.path / "log.txt", "a") as file:
            file.write(text + "\n")


def read_history(run: Path) -> list[dict]:
    """The history of a run folder, a dict a tick; [] where there is none."""
    return read_json_lines(Path(run) / _HISTORY)


def read_scores(run: Path) -> list[dict]:
    """The scores of a run folder, ascending in "nimg"; [] where there are none."""
    return read_json_lines(Path(run) / _SCORES)


def read_config(run: Path) -> Config:
    """The config of a run folder; raises `UserError` where there is none."""
    return from_dict(read_description(run)["config"])


def read_description(run: Path) -> dict:
    """ "config", "data" and "versions" of a run folder; raises `UserError` where there are none."""
    path = Path(run) / "config.json"
    try:
        description = json.loads(path.read_text())
        if description.keys() >= {"config", "data", "versions"}:
            return description
        found = "a config.json of something else"
    except (OSError, ValueError, AttributeError):
        found = "no config.json of a run"
    raise UserError(f"--run should be the folder of a run. Received: {run}, with {found}")


def _append_line(path, line):
    with open(path, "a") as file:
        file.write(json.dumps(line) + "\n")


def _forget_later(path, nimg):
    """Drops the lines after `nimg`: a killed run told more than its last checkpoint holds."""
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
    changed = [
        f"{key} = {before.get(key)} there, {now.get(key)} here"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
        and not key.startswith("metrics.")
        and key.removeprefix("train.") not in _MAY_CHANGE
    ]
    if changed:
        raise UserError(
            f"--run should be of the same config. Received: {path}, with {'; '.join(changed[:5])}"
        )


def _flatten(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    parts = [_flatten(v, f"{prefix}.{k}" if prefix else str(k)) for k, v in tree.items()]
    return {key: value for part in parts for key, value in part.items()}
