"""Runs scripts: mistakes of the user's become one sentence and an exit status."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import TextIO

from support.errors import UserError
from support.text import printable

_FILE_SYSTEM_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.ESTALE),  # A bad sector, a server that is gone.
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),  # A path that cannot be.
}


def run_script(main: Callable, parse: Callable | None = None):
    """Runs `main(argv)`, or `main(parse(argv))`, and exits with the status that it returns.

    A `UserError` becomes one sentence and status 1, and so does a file system that is full or
    read-only, or a path that cannot exist. Ctrl-C and SIGTERM end with status 130 and 143, after
    `finally` clauses have run. Everything else is a defect and keeps its traceback.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Lets `finally` clauses run.
    try:
        status = main(parse(sys.argv) if parse else sys.argv)
    except UserError as error:
        status = _fail(error)
    except BrokenPipeError:  # The reader of our output has ended, as `head` does.
        discard_output(sys.stdout)
        status = 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _FILE_SYSTEM_ERRORS:
            raise
        path = error.filename2 or error.filename or "while writing"
        status = _fail(f"{error.strerror}: {path}")
    except KeyboardInterrupt:
        status = _fail("interrupted.", status=130)
    except SystemExit as end:
        status = end.code
    sys.exit(status)


def say(text: str):
    """Prints `text` at once, unless its reader has ended: long work continues without it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard_output(sys.stdout)


def discard_output(stream: TextIO):
    """Discards all that is still written to a stream whose reader has ended."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(sentence, status=1):
    # A worker thread or process may still run; what it writes is temporary and is left behind.
    lines = "\n".join(map(printable, str(sentence).split("\n")))
    print(f"Error: {lines}", file=sys.stderr, flush=True)
    return status
