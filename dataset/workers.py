"""Threads that decode and encode; NumPy, OpenCV and PyAV run in them at the same time."""

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from support.threads import ahead

LOOK_AHEAD = 16  # results that may wait
T = TypeVar("T")


class Stopped(Exception):
    """Work ends early because nobody waits for its result any more."""


def in_order(
    work: Callable[[T, Callable[[], bool]], Any],
    items: Iterable[T],
    threads: int,
    look_ahead: int = LOOK_AHEAD,
) -> AbstractContextManager[Generator]:
    """A context in which threads compute `work(item, stopped)` of each item.

    It gives an iterator over the results, in the order of the items; up to `look_ahead` of them
    wait. When the context ends, `stopped()` becomes true: work should look at it, and end early by
    raising `Stopped`.
    """
    stop = threading.Event()
    results = ahead(
        lambda item: work(item, stop.is_set), items, threads, look_ahead, on_end=stop.set
    )
    return contextlib.closing(results)
