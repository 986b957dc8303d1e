"""status.json: what a run is doing, for watchers; rewritten at least every few seconds."""

import contextlib
import os
import socket
import time
from pathlib import Path

from support.errors import UserError
from support.files import write_json
from support.json_files import read_json
from support.text import utc_now

STATUS = "status.json"
RUNNING = ("starting", "training", "saving")  # states of a process that is alive
_SECONDS = 10  # between two updates, unless a call of several steps takes longer


class Status:
    """The file of a run.

    state       starting, training, saving, finished, interrupted or failed
    sentence    a remark on it
    pid, host   of the process
    time        of this update; if it is old, the process is dead or hanging
    ...         more facts: nimg, kimg, rung, ...

    Args:
        path: of the file.
    """

    def __init__(self, path: Path):
        self._path, self._begin = Path(path), 0.0
        self._known = {"pid": os.getpid(), "host": socket.gethostname()}

    def write(self, state: str, sentence: str = "", **facts):
        """Writes the state and the facts that changed; on a full disk it does nothing."""
        self._known |= {"state": state, "sentence": sentence, **facts}
        self._begin = time.monotonic()
        if not self._path.parent.is_dir():  # It was moved or deleted: not made again.
            return
        with contextlib.suppress(OSError):
            write_json(self._path, self._known | {"time": utc_now()})

    def is_due(self) -> bool:
        """Whether it is time to show that the run is alive."""
        return time.monotonic() - self._begin >= _SECONDS


def read_status(run: Path) -> dict:
    """The status of a run folder; {} where there is none, or it is damaged."""
    try:
        return read_json(Path(run) / STATUS, {"state": str, "sentence": str, "time": str})
    except UserError:
        return {}
