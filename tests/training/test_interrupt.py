import os
import signal

import pytest
import tensorflow as tf

from training.interrupt import Interrupt
from training.workers import Workers


@pytest.fixture
def interrupt():
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    yield Interrupt()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal_is_a_wish_and_the_second_ends_at_once(interrupt, number, status):
    alone = Workers(tf.distribute.MirroredStrategy(["CPU:0"]))
    assert not interrupt.agree(alone)
    os.kill(os.getpid(), number)
    assert not interrupt  # Until all have agreed.
    assert interrupt.agree(alone)
    assert interrupt
    assert interrupt.exit_status == status
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_all_end_for_the_signal_of_one(interrupt):
    class Three:
        def gather(self, value):
            return [value, signal.SIGTERM, 0]

    assert interrupt.agree(Three())
    assert interrupt.exit_status == 143
