"""Checkpoints of a run: all that training needs to resume.

ckpt-<nimg>.index, ckpt-<nimg>.data-*   what TensorFlow writes
ckpt-<nimg>.json                        the bytes and the SHA-256 of these files, written last

The JSON is moved to its place last, so an interrupted save is never mistaken for a checkpoint.
A checkpoint whose files do not match its JSON is skipped.
"""

import contextlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import tensorflow as tf

from config import Train
from support.errors import UserError, short_message
from support.files import partial_folder, sha256, sync, write_json
from support.json_files import read_json

_WRITTEN = re.compile(r"ckpt-\d+\.(index|data-\d+-of-\d+)")  # By TensorFlow.


class Resumable(Protocol):
    """What is saved and resumed: a trainer."""

    skipped_in_a_row: int
    fault: str  # describes the last skipped step

    @property
    def nimg(self) -> int:
        """Clips shown so far."""

    @property
    def rollbacks(self) -> int:
        """How often it was rolled back."""

    def write(self, path: str):
        """Writes all that training needs to resume to files whose names begin with `path`."""

    def restore(self, path: str):
        """Takes over what `write` wrote to `path`."""

    def roll_back(self, path: str):
        """Like `restore`, but counts it, and trains on with other noise."""


class Checkpoints:
    """The checkpoints in a folder.

    Args:
        folder: of the checkpoints; it is created with the first one.
        settings: which of them are kept.
        warn: called with a message for each checkpoint that is skipped.
    """

    def __init__(self, folder: Path, settings: Train, warn: Callable[[str], None] = print):
        self.folder, self.settings, self.warn = Path(folder), settings, warn
        self._newest: int | None = None

    def restore_latest(self, trainer: Resumable) -> bool:
        """Restores the newest whole checkpoint; False where there is none at all.

        Raises:
            UserError: there are some, but none is whole.
        """
        return self.read_latest(trainer.restore)

    def roll_back(self, trainer: Resumable):
        """Restores the newest whole checkpoint, to train on from there with other noise."""
        self.read_latest(trainer.roll_back)

    def read_latest(self, read: Callable[[str], None]) -> bool:
        """Calls `read` with the path of the newest whole checkpoint; False where there is none.

        Raises:
            UserError: there are some, but none is whole.
        """
        known = self._known()
        for nimg in reversed(known):
            if damage := self._damage(nimg):
                self.warn(f"Warning: {damage}. The checkpoint before it is used.")
                continue
            with _without_wildcards(self.folder) as folder:
                read(str(folder / self._path(nimg).stem))
            self._newest = nimg
            return True
        if known:
            raise UserError(
                f"Cannot resume from {self.folder}: no checkpoint in it is whole. Restore one from "
                "a backup, or start another run."
            )
        return False

    def save(self, trainer: Resumable):
        """Saves a checkpoint, and deletes those that are no longer kept.

        Raises:
            UserError: it cannot be written; earlier checkpoints stay as they are.
        """
        if self._newest == trainer.nimg:
            return
        path = self._path(trainer.nimg)
        try:
            with partial_folder(path.with_suffix("")) as partial:
                trainer.write(str(partial / path.stem))
                files = sorted(file for file in partial.iterdir() if _WRITTEN.fullmatch(file.name))
                about = {f.name: {"bytes": f.stat().st_size, "sha256": sha256(f)} for f in files}
                path.unlink(missing_ok=True)  # What is half overwritten is no checkpoint.
                for file in files:
                    sync(file)
                    file.replace(self.folder / file.name)
            write_json(path, about)
        except (tf.errors.OpError, OSError) as error:
            raise UserError(
                f"Cannot save a checkpoint to {self.folder} at kimg {trainer.nimg / 1000:g}: "
                f"{short_message(error)}. Earlier checkpoints are whole: make room, and run the "
                "same command again to resume."
            ) from error
        self._newest = trainer.nimg
        self._tidy()

    def _known(self):
        return list_checkpoints(self.folder)

    def _damage(self, nimg):
        """What is wrong with a checkpoint, or None."""
        path = self._path(nimg)
        try:
            about = read_json(path, {str: {"sha256": str}})
            names = [name for name in about if _WRITTEN.fullmatch(name)]
            if len(names) < 2 or {name.partition(".")[0] for name in about} != {path.stem}:
                return f"{path} does not describe a checkpoint of this name"
            for name in names:
                if sha256(self.folder / name) != about[name]["sha256"]:
                    return f"{self.folder / name} is damaged"
            inside = self._number_inside(path.stem)
        except UserError as error:
            return str(error).removesuffix(".")
        except OSError as error:
            return f"{error.filename or path} cannot be read ({error.strerror})"
        return None if inside == nimg else f"{path.stem} holds the training state at nimg {inside}"

    def _number_inside(self, name):
        """The nimg that the files of a checkpoint hold; None where they hold none."""
        with _without_wildcards(self.folder) as folder:
            try:
                reader = tf.train.load_checkpoint(str(folder / name))
                return int(reader.get_tensor("nimg/.ATTRIBUTES/VARIABLE_VALUE"))
            except (tf.errors.OpError, ValueError, RuntimeError):
                return None

    def _tidy(self):
        """Deletes the checkpoints that are no longer kept; files without a JSON are not ours."""
        kept = kept_checkpoints(
            self._known(), self.settings.keep_checkpoints, self.settings.keep_checkpoint_kimg
        )
        for path in (self._path(nimg) for nimg in self._known() if nimg not in kept):
            files = [f for f in self.folder.glob(f"{path.stem}.*") if _WRITTEN.fullmatch(f.name)]
            for file in (path, *files):
                file.unlink(missing_ok=True)

    def _path(self, nimg):
        return self.folder / f"ckpt-{nimg:09d}.json"


def list_checkpoints(folder: Path) -> list[int]:
    """The nimg of each checkpoint in a folder, whole or not, ascending."""
    names = (path.stem.removeprefix("ckpt-") for path in folder.glob("ckpt-*.json"))
    return sorted(int(name) for name in names if name.isdecimal())


@contextlib.contextmanager
def _without_wildcards(folder):
    """Yields a path to `folder` without [, ], * and ?, which TensorFlow would expand."""
    with tempfile.TemporaryDirectory() as temporary:
        link = Path(temporary) / "folder"
        link.symlink_to(folder.resolve())
        yield link


def kept_checkpoints(known: list[int], newest: int, every_kimg: float) -> set[int]:
    """The nimg of the checkpoints that are kept.

    Args:
        known: ascending.
        newest: number of the newest checkpoints that are kept.
        every_kimg: the first checkpoint at or after each multiple of it is kept; 0: none.
    """
    kept = set(known[-newest:])
    if every_kimg > 0:
        firsts = {int(nimg // (every_kimg * 1000)): nimg for nimg in reversed(known)}
        kept |= {nimg for multiple, nimg in firsts.items() if multiple > 0}
    return kept
