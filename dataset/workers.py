"""Threads for decoding; NumPy, OpenCV and PyAV let them run side by side."""

import collections
import concurrent.futures
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator

AHEAD = 16  # Items that are begun before the first of them has been taken.


class Stopped(Exception):
    """Work ends early because nobody waits for it any more."""


@contextlib.contextmanager
def in_order(work: Callable, items: Iterable, threads: int) -> Iterator[Iterator]:
    """Yields an iterator over `work(item, stopped)` of each item, in the items' order.

    Up to `AHEAD` results wait. When the context ends, `stopped()` becomes true; work that looks at
    it ends early, by raising `Stopped`.
    """
    stop, items = threading.Event(), iter(items)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:

        def start(count):
            return (pool.submit(work, item, stop.is_set) for item in itertools.islice(items, count))

        def results():
            waiting = collections.deque(start(max(AHEAD, threads)))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(start(1))
                yield result

        try:
            yield results()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
