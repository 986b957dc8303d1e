import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tensorflow as tf

from training.interrupt import Interrupt
from training.workers import Workers

ROOT = Path(__file__).parents[2]
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
LONG_CALL = "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"  # Many minutes.


@pytest.fixture
def interrupt():
    before = {s: signal.getsignal(s) for s, _ in SIGNALS}
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


@pytest.fixture
def busy():
    """A process within a long call."""
    code = (
        "import hashlib; from training.interrupt import Interrupt; Interrupt(); "
        f"print(1, flush=True); {LONG_CALL}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def _interrupt(process, number):
    process.send_signal(number)
    while b"saving after the current steps" not in process.stderr.readline():
        assert process.poll() is None


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_the_second_ends_a_process_within_a_long_call(busy, number, status):
    _interrupt(busy, signal.SIGINT)
    time.sleep(1.1)
    busy.send_signal(number)
    _, printed = busy.communicate(timeout=60)
    assert busy.returncode == status
    assert b"Stopped at once" in printed


def test_signals_within_a_second_are_one(busy):
    _interrupt(busy, signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        time.sleep(0.1)
        busy.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        busy.wait(timeout=1.5)
    busy.send_signal(signal.SIGTERM)
    assert busy.wait(timeout=60) == 143


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # As nohup starts a process.
    try:
        Interrupt()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in zip(
            (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
            (signal.default_int_handler, signal.SIG_DFL, before),
            strict=True,
        ):
            signal.signal(number, handler)
