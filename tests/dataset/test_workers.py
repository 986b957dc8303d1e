"""Threads: the order is theirs to keep."""

import threading
import time

import pytest

from dataset import workers
from dataset.workers import interleave


def count_up(item, stopped):
    for i in range(item):
        time.sleep(0.001 * ((item + i) % 3))
        yield item, i


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_turn_whatever_the_threads(threads, monkeypatch):
    monkeypatch.setattr(workers, "WIDTH", 2)
    with interleave(count_up, [3, 0, 1, 2], threads) as results:
        assert list(results) == [(3, 0), (3, 1), (1, 0), (3, 2), (2, 0), (2, 1)]


def test_one_result_each_keeps_the_order():
    with interleave(lambda item, stopped: iter([item]), range(100), 3) as results:
        assert list(results) == list(range(100))


def test_an_error_reaches_the_reader_and_stops_the_others():
    began, ended = threading.Event(), threading.Event()

    def work(item, stopped):
        if item == 0:
            began.wait()
            yield 1 / 0
        began.set()
        while not stopped():
            time.sleep(0.001)
        ended.set()
        yield item

    with pytest.raises(ZeroDivisionError), interleave(work, [0, 1], 2) as results:
        list(results)
    assert ended.is_set()
