"""What a run was started with, each time that it was started or resumed."""

import platform
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from support.text import utc_now

_CHECKOUT = Path(__file__).resolve().parent.parent


def describe_start(devices: list[str], kimg: float) -> dict[str, Any]:
    """The command line and what it runs on, as plain values.

    Args:
        devices: names of those of this process.
        kimg: from which training begins or resumes.
    """
    return {
        "time": utc_now(),
        "kimg": kimg,
        "command": shlex.join(sys.argv),
        "commit": git_commit(_CHECKOUT),
        "host": socket.gethostname(),
        "devices": devices,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of Python, TensorFlow and Keras."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def git_commit(checkout: Path) -> str | None:
    """The commit of a checkout, "-dirty" after it where files differ; None without git."""
    if not (checkout / ".git").exists():  # A copy in a repository of something else.
        return None
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), *describe], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
