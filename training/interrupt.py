"""Ctrl-C and SIGTERM as a wish that the loop grants between two calls."""

import signal


class Interrupt:
    """Notes the first SIGINT or SIGTERM; a second one raises `KeyboardInterrupt` at once."""

    def __init__(self):
        self.signal = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def __bool__(self):
        return self.signal is not None

    @property
    def exit_status(self) -> int:
        """128 + the signal, as shells have it."""
        return 128 + self.signal

    def _note(self, number, _frame):
        if self:
            raise KeyboardInterrupt
        self.signal = number
