"""Graceful shutdown: a signal stops training after the current call, a second one at once."""

import os
import signal
import threading
import time

from training.workers import Workers

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 1.0  # seconds: `make`, `timeout`, systemd and Slurm send a signal more than once


class Interrupt:
    """Notes the first SIGINT, SIGTERM or SIGHUP; one that comes a second later ends the process.

    SIGHUP stays ignored where it was from the start, as under nohup. Python's own handlers wait
    until a call of several steps returns, so a thread receives the second signal.

    Attributes:
        signal: for which all workers agreed to stop; None while training continues.
    """

    def __init__(self):
        self.signal, self._received = None, 0
        read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write)
        threading.Thread(target=_watch, args=(read,), daemon=True).start()
        for number in _SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
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
        self._received = self._received or number


def _watch(pipe):
    os.read(pipe, 1)
    first = time.monotonic()
    os.write(2, b"Interrupted: saving after the current steps. A second signal exits at once.\n")
    number = os.read(pipe, 1)[0]
    while time.monotonic() - first < _PATIENCE:
        number = os.read(pipe, 1)[0]
    os.write(2, b"Stopped at once: what came after the last checkpoint is lost.\n")
    os._exit(128 + number)
