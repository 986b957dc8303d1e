"""Checkpoints of a run: all that training needs to resume.

ckpt-<nimg>.index, ckpt-<nimg>.data-*   what TensorFlow writes
ckpt-<nimg>.json                        the bytes and the SHA-256 of these files, written last

The JSON is moved to its place last, so an interrupted save is never mistaken for a checkpoint.
A checkpoint whose files do not match its JSON is skipped.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import tensorflow as tf

from config import Train
from support.errors import UserError, short_message
from support.files import partial_folder, sha256, sync, write_json

_WRITTEN = re.compile(r"ckpt-\d+\.(index|data-\d+-of-\d+)")  # By TensorFlow.
_FULL = (tf.errors.ResourceExhaustedError, tf.errors.UnknownError, OSError)


class Resumable(Protocol):
    """What is saved and resumed: a trainer."""

    nimg: int  # clips shown so far

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
        self._newest = None

    def restore_latest(self, trainer: Resumable) -> bool:
        """Restores the newest whole checkpoint; False where there is none at all.

        Raises:
            UserError: there are some, but none is whole.
        """
        return self._take_latest(trainer.restore)

    def roll_back(self, trainer: Resumable):
        """Restores the newest whole checkpoint, to train on from there with other noise."""
        self._take_latest(trainer.roll_back)

    def save(self, trainer: Resumable):
        """Saves a checkpoint, and deletes those that are no longer kept.

        Raises:
            UserError: the disk is full; the checkpoints before it stay as they are.
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
        except _FULL as error:
            raise UserError(
                f"--run should have room for a checkpoint. Received: {self.folder} at kimg "
                f"{trainer.nimg / 1000:g}, where {short_message(error)} (checkpoints before it are "
                "whole: make room, and the same command goes on)"
            ) from error
        self._newest = trainer.nimg
        self._tidy()

    def _take_latest(self, restore):
        known = self._known()
        for nimg in reversed(known):
            if damage := self._damage(nimg):
                self.warn(f"Warning: {damage}. The checkpoint before it is used.")
                continue
            restore(str(self._path(nimg).with_suffix("")))
            self._newest = nimg
            return True
        if known:
            raise UserError(f"{self.folder} should hold a checkpoint that is whole. Received: none")
        return False

    def _known(self):
        """The nimg of each checkpoint, ascending."""
        names = (path.stem.removeprefix("ckpt-") for path in self.folder.glob("ckpt-*.json"))
        return sorted(int(name) for name in names if name.isdecimal())

    def _damage(self, nimg):
        """What is wrong with a checkpoint, or None."""
        path = self._path(nimg)
        try:
            about = json.loads(path.read_text())
            stated = {path.with_name(name): of["sha256"] for name, of in about.items()}
            if len(stated) < 2:
                return f"{path} is damaged"
        except (ValueError, TypeError, KeyError, AttributeError):
            return f"{path} is damaged"
        for file, digest in stated.items():
            if not file.exists():
                return f"{file} is missing"
            if sha256(file) != digest:
                return f"{file} is damaged"
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


def kept_checkpoints(known: list[int], newest: int, every_kimg: float) -> set[int]:
    """Which checkpoints are kept, by their nimg.

    Args:
        known: ascending.
        newest: how many of the newest.
        every_kimg: of those at or after each multiple of it, the first; 0: of none.
    """
    kept = set(known[-newest:])
    if every_kimg > 0:
        firsts = {int(nimg // (every_kimg * 1000)): nimg for nimg in reversed(known)}
        kept |= {nimg for multiple, nimg in firsts.items() if multiple > 0}
    return kept
