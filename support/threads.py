"""A loop whose work is done ahead of it by threads, with results in order."""

import collections
import concurrent.futures
import itertools
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(
    work: Callable[[T], R],
    items: Iterable[T],
    workers: int = 1,
    look_ahead: int = 1,
    on_end: Callable[[], None] = lambda: None,
) -> Generator[R]:
    """Yields `work(item)` of each item, in the order of the items; threads compute it ahead.

    Nothing starts before the first result is requested. Items are read in the caller's thread.
    When the iterator ends early (closed, an error, Ctrl-C), items that wait for a thread are
    dropped and running calls are waited for. A caller that keeps a reference to the iterator
    should close it (`contextlib.closing`).

    Args:
        work: called with one item at a time, in a thread.
        items: may be endless.
        workers: number of threads.
        look_ahead: maximum number of items that are started while the caller uses a result; at
            least `workers - 1`, so that no thread is idle while a result is awaited.
        on_end: called when the iterator ends, before running calls are waited for. It can make
            them end early.

    Raises:
        ValueError: `workers` or `look_ahead` is out of range.
        Exception: whatever `work` raises, in place of the result. The iterator then ends.
    """
    if workers < 1:
        raise ValueError(f"`workers` should be at least 1. Received: workers={workers}")
    if look_ahead < 0:
        raise ValueError(f"`look_ahead` should be at least 0. Received: look_ahead={look_ahead}")
    return _ahead(work, iter(items), workers, max(look_ahead, workers - 1), on_end)


def _ahead(work, items, workers, look_ahead, on_end):
    pool, waiting = concurrent.futures.ThreadPoolExecutor(workers), collections.deque()
    try:
        while True:
            new = itertools.islice(items, look_ahead + 1 - len(waiting))
            waiting.extend(pool.submit(work, item) for item in new)
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        on_end()
        pool.shutdown(cancel_futures=True)
