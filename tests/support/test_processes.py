"""Child processes: their CPU time, exit status and end."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from support.processes import run_counted

BUSY = "import time\nwhile time.process_time() < {}: pass\nprint('done')"


def run(tmp_path, code):
    seconds = []
    command = [sys.executable, "-c", code]
    return run_counted(command, tmp_path / "log", seconds.append), seconds


def test_cpu_time_is_counted_and_waiting_is_not(tmp_path):
    status, (busy,) = run(tmp_path, BUSY.format(0.3))
    assert status == 0
    assert 0.3 <= busy < 2
    _, (idle,) = run(tmp_path, "import time; time.sleep(0.5)")
    assert idle < 0.3
    assert (tmp_path / "log").read_text() == "done\n"


def test_cpu_time_of_children_counts(tmp_path):
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY.format(0.3)!r}])"
    _, (seconds,) = run(tmp_path, child)
    assert seconds >= 0.3


def test_exit_status(tmp_path):
    assert run(tmp_path, "raise SystemExit(3)")[0] == 3
    assert run(tmp_path, "import os; os.kill(os.getpid(), 9)")[0] == 128 + signal.SIGKILL


@pytest.fixture
def interruptible():
    """SIGINT raises `KeyboardInterrupt`; a shell that starts tests with & has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_command_first(tmp_path, interruptible):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('saved'))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )

    def interrupt():
        while "ready" not in (tmp_path / "log").read_text():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    (tmp_path / "log").touch()
    threading.Thread(target=interrupt).start()
    seconds = []
    with pytest.raises(KeyboardInterrupt):
        run_counted([sys.executable, "-c", code], tmp_path / "log", seconds.append)
    assert "saved" in (tmp_path / "log").read_text()
    assert len(seconds) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the signal of a parent's death is Linux'")
def test_a_killed_parent_ends_the_command(tmp_path):
    child = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('saved'))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    parent = (
        "import sys, pathlib\n"
        "from support.processes import run_counted\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"run_counted([sys.executable, '-c', {child!r}], log, print)"
    )
    log = tmp_path / "log"
    log.touch()
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=Path(__file__).parents[2])
    for word in ("ready", "saved"):
        deadline = time.monotonic() + 60
        while word not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert word in log.read_text()
        process.kill()
    process.wait()
