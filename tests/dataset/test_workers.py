"""Threads: the order is theirs to keep."""

import threading
import time

import pytest

from dataset.workers import Stopped, in_order


def slow_square(item, stopped):
    time.sleep(0.001 * (item % 3))
    return item**2


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 30])
def test_results_come_in_order_whatever_the_threads(threads, count):
    with in_order(slow_square, range(count), threads, look_ahead=7) as results:
        assert list(results) == [i**2 for i in range(count)]


def test_no_more_is_begun_than_is_allowed_to_wait():
    begun = []
    with in_order(lambda item, stopped: begun.append(item), range(100), 2, 3) as results:
        next(results)
        time.sleep(0.05)
        assert len(begun) <= 4


def test_an_error_reaches_the_reader_and_stops_the_others():
    began, ended = threading.Event(), threading.Event()

    def work(item, stopped):
        if item == 0:
            began.wait()
            return 1 / 0
        began.set()
        while not stopped():
            time.sleep(0.001)
        ended.set()
        raise Stopped

    with pytest.raises(ZeroDivisionError), in_order(work, [0, 1], 2) as results:
        list(results)
    assert ended.is_set()
