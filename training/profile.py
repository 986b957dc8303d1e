"""A profile of the first few steps, for TensorBoard's profile plugin."""

from pathlib import Path

import tensorflow as tf


class Profile:
    """Profiles so many steps, in whole calls, from the second call on: the first one traces.

    Args:
        folder: where `plugins/profile` is written.
        steps: 0 for no profile.
    """

    def __init__(self, folder: Path, steps: int):
        self.folder, self.left, self._running, self._calls = str(folder), steps, False, 0

    def begin(self):
        """Is told that a call of the traced function is next."""
        self._calls += 1
        if self._calls == 2 and self.left > 0:
            tf.profiler.experimental.start(self.folder)
            self._running = True

    def end(self, steps: int):
        """Is told that a call of `steps` steps is over."""
        if self._running:
            self.left -= steps
            if self.left <= 0:
                self.close()

    def close(self):
        """Writes the profile, if one is being taken."""
        if self._running:
            tf.profiler.experimental.stop()
            self._running = False
