"""Ctrl-C and SIGTERM as a wish that the loop grants between two calls."""

import signal

from training.workers import Workers


class Interrupt:
    """Notes the first SIGINT or SIGTERM; a second one raises `KeyboardInterrupt` at once.

    Attributes:
        signal: which one all workers end for, as they agreed; None as long as they go on.
    """

    def __init__(self):
        self.signal, self._received = None, 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def __bool__(self):
        return self.signal is not None

    def agree(self, workers: Workers) -> bool:
        """Whether any worker was interrupted; each has to ask, at the same point of its loop."""
        self.signal = max(workers.gather(self._received)) or None
        return bool(self)

    @property
    def exit_status(self) -> int:
        """128 + the signal, as shells have it."""
        return 128 + self.signal

    def _note(self, number, _frame):
        if self._received:
            raise KeyboardInterrupt
        self._received = number
