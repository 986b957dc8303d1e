"""Names of what killed processes were writing."""

import subprocess
import sys

from support import files


def abandoned(name: str) -> str:
    """The name that a partial file of `name` has whose process is dead."""
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    return f".partial-{files._host()}-{int(dead.stdout)}-abcd1234-{name}"
