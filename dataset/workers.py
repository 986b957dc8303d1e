"""Threads for decoding; NumPy, OpenCV and PyAV let them run side by side."""

import collections
import concurrent.futures
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator

_END = object()
# Items at work at a time. It decides the order of results, so it is not the number of threads.
WIDTH = 16


@contextlib.contextmanager
def interleave(work: Callable, items: Iterable, threads: int) -> Iterator[Iterator]:
    """Yields an iterator over the results of `work(item, stopped)`, itself an iterator, per item.

    Up to `WIDTH` items are open, and one result is taken of each in turn, so the order does not
    depend on `threads`; no more than `WIDTH` results wait. When the context ends, `stopped()`
    becomes true; work that looks at it ends early.
    """
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        jobs = (work(item, stop.is_set) for item in items)
        try:
            yield _take_in_turn(jobs, pool)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _take_in_turn(jobs, pool):
    waiting = collections.deque()

    def start(job):
        waiting.append((job, pool.submit(next, job, _END)))

    for job in itertools.islice(jobs, WIDTH):
        start(job)
    while waiting:
        job, future = waiting.popleft()
        result = future.result()
        if result is not _END:
            start(job)
            yield result
        elif (job := next(jobs, None)) is not None:
            start(job)
