import os
import signal

import pytest

from training.interrupt import Interrupt


@pytest.fixture
def interrupt():
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    yield Interrupt()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_first_signal_is_a_wish_and_the_second_ends_at_once(interrupt, number, status):
    assert not interrupt
    os.kill(os.getpid(), number)
    assert interrupt
    assert interrupt.exit_status == status
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
