import contextlib
import itertools
import threading
import time

import pytest

from support.threads import ahead


@pytest.mark.parametrize(("workers", "look_ahead"), [(1, 0), (1, 1), (1, 7), (3, 1), (4, 9)])
def test_results_come_in_order(workers, look_ahead):
    def work(item):
        time.sleep(0.002 * (item % 3))
        return 10 * item

    assert list(ahead(work, range(20), workers, look_ahead)) == [10 * i for i in range(20)]


@pytest.mark.parametrize(("workers", "look_ahead"), [(1, 0), (1, 1), (1, 5), (3, 1), (3, 5)])
def test_look_ahead_is_bounded(workers, look_ahead):
    """At each result so many more items are read, and all of them are worked at meanwhile."""
    bound, read, done, all_done = max(look_ahead, workers - 1), [], [], threading.Semaphore(0)

    def items():
        for item in range(30):
            read.append(item)
            yield item

    def work(item):
        done.append(item)
        all_done.release()
        return item

    for result in ahead(work, items(), workers, look_ahead):
        expected = min(result + 1 + bound, 30)
        assert len(read) == expected
        while len(done) < expected:
            assert all_done.acquire(timeout=10)
    assert sorted(done) == list(range(30))


def test_workers_run_at_the_same_time():
    meet = threading.Barrier(3)
    assert len({*ahead(lambda _: meet.wait(timeout=10), range(6), workers=3)}) == 3


def test_endless_items_and_no_items():
    assert list(itertools.islice(ahead(abs, itertools.count()), 3)) == [0, 1, 2]
    assert list(ahead(abs, [])) == []


def test_nothing_starts_before_the_first_request():
    started = []
    ahead(started.append, range(3))
    assert started == []


def test_an_error_takes_the_place_of_its_result():
    results = ahead(lambda x: 1 // x, [1, 1, 0, 1], workers=2, look_ahead=3)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("end", ["close", "error in work", "error in loop", "interrupt"])
def test_an_early_end_drops_what_waits_and_leaves_no_thread(end):
    started, begun, go_on = [], threading.Event(), threading.Event()
    before = threading.active_count()

    def work(item):
        started.append(item)
        if item == 1:
            begun.set()
            assert go_on.wait(10)
            if end == "error in work":
                raise ArithmeticError
        elif item > 1:
            time.sleep(0.1)
        return item

    errors = {"error in loop": ArithmeticError, "interrupt": KeyboardInterrupt}
    with (
        contextlib.suppress(ArithmeticError, KeyboardInterrupt),
        contextlib.closing(ahead(work, range(50), look_ahead=20)) as results,
    ):
        assert next(results) == 0
        assert begun.wait(10)
        threading.Timer(0.1, go_on.set).start()
        if end == "error in work":
            next(results)
        elif end != "close":
            raise errors[end]
    assert started[:2] == [0, 1]
    assert len(started) < 10  # The call that runs ends, and perhaps a few more that had begun.
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_a_loop_that_raises_ends_the_threads_without_closing():
    before = threading.active_count()
    with pytest.raises(ArithmeticError):
        for _ in ahead(abs, range(50), workers=3, look_ahead=20):
            raise ArithmeticError
    assert threading.active_count() == before


def test_mistakes():
    with pytest.raises(ValueError, match="`workers` should be at least 1. Received: workers=0"):
        ahead(abs, [], workers=0)
    with pytest.raises(ValueError, match="`look_ahead` should be at least 0"):
        ahead(abs, [], look_ahead=-1)
