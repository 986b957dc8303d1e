import subprocess
import sys
from pathlib import Path

import pytest

from support.text import printable

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb\nc\t\u202ed", "a\\x1b[2Jb\\nc\\t\\u202ed"),
        ("h\u00f6he \u65e5\u672c e\u0301 \u200d", "h\u00f6he \u65e5\u672c e\u0301 \u200d"),
        ("\udcff.mp4", "\\udcff.mp4"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown


def test_an_error_cannot_control_the_terminal(tmp_path):
    (tmp_path / "x\x1b[31m").mkdir()
    command = [sys.executable, "dataset_tool.py", "info", f"--data={tmp_path}/x\x1b[31m"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "x\\x1b[31m: it is no data set" in done.stderr
