"""Ctrl-C while a module is imported: its status, and no traceback."""

import subprocess
import sys

import pytest

IMPORT = """
import os, signal
from support.interrupt import exit_at_once
signal.signal(signal.SIGINT, {handler})

class Field:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)  # Python 3.11 makes a RuntimeError of it.

with exit_at_once():
    class Module:
        field = Field()
print(signal.getsignal(signal.SIGINT) == {handler})
"""


@pytest.mark.parametrize(
    ("handler", "status", "printed"),
    [
        ("signal.default_int_handler", 130, ("", "Error: interrupted.\n")),
        ("signal.SIG_IGN", 0, ("True\n", "")),
    ],
)
def test_interrupt(handler, status, printed):
    code = IMPORT.format(handler=handler)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, (ended.stdout, ended.stderr)) == (status, printed)


def test_the_handler_is_back_afterwards():
    code = "import signal; from support.interrupt import exit_at_once\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\nwith exit_at_once(): pass\n"
    code += "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", code], check=True)
