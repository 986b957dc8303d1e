"""Progress of long work: done, rate and time left."""

import sys
import time


class Progress:
    """Reports how far work is: one moving line on a terminal, plain lines elsewhere.

    Args:
        total: how many there will be, or None when that is not known.
        unit: what is counted ("clips").
        every: seconds between plain lines.
    """

    def __init__(self, total: int | None, unit: str, every: float = 10.0, stream=None):
        self.total, self.unit, self.done = total, unit, 0
        self.stream = stream or sys.stderr
        self.moving = self.stream.isatty()
        self.every = 0.2 if self.moving else every
        self.begin = self.shown = time.monotonic()

    def advance(self, count: int = 1):
        """Counts `count` more, and shows the line when it is time."""
        self.done += count
        if time.monotonic() - self.shown >= self.every:
            self._show("\r" if self.moving else "")

    def close(self):
        """Shows the last line."""
        self._show("\r" if self.moving else "", "\n" if self.moving else "")

    def _show(self, before, after=""):
        self.shown = time.monotonic()
        rate = self.done / max(self.shown - self.begin, 1e-9)
        line = f"{self.done}{f' of {self.total}' if self.total else ''} {self.unit}, {rate:.1f}/s"
        if self.total and rate:
            line += f", {format_seconds((self.total - self.done) / rate)} left"
        if self.moving:
            line = f"{line:<60}"  # Covers the line before it.
        end = after if self.moving else "\n"
        print(before + line, end=end, file=self.stream, flush=True)


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
