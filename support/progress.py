"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import atexit
import contextlib
import os
import sys
import threading
import time
from typing import TextIO

from support.script import discard_output


class Progress(contextlib.AbstractContextManager):
    """Counts what is done, and shows it with the rate and the time left.

    On a terminal it is a bar that moves; elsewhere, as in a log file, a line every few seconds and
    one at the end. It is closed at the end of a `with` block. Threads may share it.

    Args:
        total: how many there will be, or None when that is not known.
        unit: what is counted ("clips").
        every: seconds between plain lines.
        stream: where it is shown; standard error by default.
    """

    def __init__(
        self, total: int | None, unit: str, every: float = 10.0, stream: TextIO | None = None
    ):
        self.total, self.unit, self.done = total, unit, 0
        self._begin = self._shown = time.monotonic()
        self._lock = threading.Lock()
        stream = stream or sys.stderr
        has_bar = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._display = _Bar(stream, total) if has_bar else _Lines(stream, every)

    def advance(self, count: int = 1):
        """Counts `count` more."""
        with self._lock:
            self.done += count
            if time.monotonic() - self._shown >= self._display.every:
                self._show()

    def close(self):
        """Shows the final state, unless there was nothing to do."""
        with self._lock:
            if self.total != 0:
                self._show()
            self._display.close()

    def __exit__(self, *error):
        self.close()

    def _show(self):
        self._shown = time.monotonic()
        self._display.show(self.done, self._describe())

    def _describe(self):
        rate = self.done / max(time.monotonic() - self._begin, 1e-9)
        line = f"{self.done}{f' of {self.total}' if self.total else ''} {self.unit}, {rate:.1f}/s"
        if self.total and rate:
            line += f", {format_seconds((self.total - self.done) / rate)} left"
        return line


class _Lines:
    def __init__(self, stream, every):
        self.stream, self.every = stream, every

    def show(self, done, line):
        try:
            print(line, file=self.stream, flush=True)
        except BrokenPipeError:  # The work continues without a reader.
            discard_output(self.stream)

    def close(self):
        pass


class _Bar:
    every = 0.1  # seconds

    def __init__(self, stream, total):
        from rich import console, progress  # Only a terminal needs them: scripts start faster.

        self.bar = progress.Progress(
            progress.BarColumn(),
            progress.TextColumn("{task.description}", markup=False),
            console=console.Console(file=stream),
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),  # What is printed there appears above the bar.
        )
        self.task = self.bar.add_task("", total=total)
        self.bar.start()
        atexit.register(self.bar.stop)  # The cursor is hidden until then, also after an error.

    def show(self, done, line):
        self.bar.update(self.task, completed=done, description=line, refresh=True)

    def close(self):
        self.bar.stop()
        atexit.unregister(self.bar.stop)


def format_seconds(seconds: float) -> str:
    """Such as "45s", "12m 05s", "3h 20m" or "2d 04h"."""
    seconds = int(round(seconds))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02}s"
    if seconds < 86400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
    return f"{seconds // 86400}d {seconds % 86400 // 3600:02}h"
