import re
import subprocess
import sys

import pytest

SCRIPT = """
import errno, sys
from support.errors import UserError
from support.script import run_script

def main(argv):
    {body}

run_script(main)
"""


def run(body, *arguments):
    command = [sys.executable, "-c", SCRIPT.format(body=body), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_users_mistake_is_one_sentence():
    ended = run("raise UserError('--data should exist. Received: nowhere')")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: --data should exist. Received: nowhere\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise OSError(errno.ENOSPC, 'No space left on device', 'a.mp4')", "No space .*: a.mp4"),
        ("raise OSError(errno.ENOSPC, 'No space left on device')", "No space .*: while writing"),
        ("raise PermissionError(errno.EACCES, 'Permission denied', 'b')", "Permission denied: b"),
        ("open('/dev/null/x', 'w')", "Not a directory: /dev/null/x"),
    ],
)
def test_the_file_system_says_no(body, sentence):
    ended = run(body)
    assert ended.returncode == 1
    assert re.fullmatch(f"Error: {sentence}\n", ended.stderr)


def test_ctrl_c():
    ended = run("raise KeyboardInterrupt")
    assert (ended.returncode, ended.stderr) == (130, "Error: interrupted.\n")


@pytest.mark.parametrize("error", ["ValueError('a')", "OSError('b')", "FileNotFoundError(2, 'c')"])
def test_a_defect_keeps_its_traceback(error):
    ended = run(f"raise {error}")
    assert ended.returncode not in (0, 130)
    assert "Traceback" in ended.stderr


def test_exit_status_of_main():
    assert run("return None").returncode == 0
    assert run("return 3").returncode == 3
