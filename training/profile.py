"""A profile of the first few steps, for TensorBoard's profile plugin."""

from pathlib import Path

import tensorflow as tf

from growth.phase import Phase
from training.interrupt import Interrupt
from training.loop import Call, Watcher
from training.trainer import Trainer


class Profile(Watcher):
    """Profiles a number of steps, in whole calls, from the second call on: the first one traces.

    Args:
        folder: where `plugins/profile` is written.
        steps: 0 for no profile.
    """

    def __init__(self, folder: Path, steps: int):
        self.folder, self.left, self._running, self._calls = str(folder), steps, False, 0

    def before(self, trainer: Trainer, phase: Phase):
        """Starts the profiler before the second call."""
        self._calls += 1
        if self._calls == 2 and self.left > 0:
            tf.profiler.experimental.start(self.folder)
            self._running = True

    def after(self, trainer: Trainer, call: Call):
        """Writes the profile once it holds enough steps."""
        if self._running:
            self.left -= call.steps
            if self.left <= 0:
                self._stop()

    def end(self, trainer: Trainer, interrupt: Interrupt | None):
        """Writes the profile, if one is still running."""
        if self._running:
            self._stop()

    def _stop(self):
        tf.profiler.experimental.stop()
        self._running = False
