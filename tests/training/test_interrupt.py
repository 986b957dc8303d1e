import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from training.interrupt import Interrupt
from training.workers import Workers

ROOT = Path(__file__).parents[2]
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture
def interrupt():
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    yield Interrupt()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_the_first_signal_is_a_wish(interrupt, number, status):
    alone = Workers(tf.distribute.MirroredStrategy(["CPU:0"]))
    assert not interrupt.agree(alone)
    os.kill(os.getpid(), number)
    assert not interrupt  # Until all have agreed.
    assert interrupt.agree(alone)
    assert interrupt
    assert interrupt.exit_status == status


def test_all_end_for_the_signal_of_one(interrupt):
    class Three:
        def gather(self, value):
            return [value, signal.SIGTERM, 0]

    assert interrupt.agree(Three())
    assert interrupt.exit_status == 143


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_the_second_ends_a_process_within_a_long_call(number, status):
    code = (
        "import hashlib; from training.interrupt import Interrupt; Interrupt(); "
        "print(1, flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"  # Many minutes.
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    while b"saving after the steps" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == status
    assert b"Stopped at once" in told
