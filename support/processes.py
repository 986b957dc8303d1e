"""Child processes that end with their parent, and the CPU time that they take."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl


def end_with_parent(parent: int) -> Callable[[], None] | None:
    """A function for the child, which then receives SIGTERM when `parent` dies; for Linux."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def set_signal():
        prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # It died in between.
            os.kill(os.getpid(), signal.SIGTERM)

    return set_signal


def run_counted(command: Sequence[str], log: Path, note: Callable[[float], None]) -> int:
    """Runs a command to its end, with its output appended to a file.

    An exception that reaches this process meanwhile, such as `KeyboardInterrupt`, is raised once
    the command has ended, to which SIGTERM is sent.

    Args:
        command: the program and its arguments.
        log: the file.
        note: called at the end with the CPU seconds of the process and of the children that it
            waited for.

    Returns:
        The exit status; 128 + the signal where one ended it.
    """
    with open(log, "ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes only from here, so that it comes once.
            preexec_fn=end_with_parent(os.getpid()),
        )
        try:
            return _wait(process, note)
        except BaseException:
            process.terminate()
            _wait(process, note)
            raise


def _wait(process, note):
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    note(usage.ru_utime + usage.ru_stime)
    return code if code >= 0 else 128 - code
