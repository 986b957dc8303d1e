"""Mistakes of the user's, and the one place where they become a sentence and an exit status."""

import atexit
import contextlib
import errno
import os
import re
import signal
import sys
from pathlib import Path

from absl import app, logging

_FILE_SYSTEM_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),  # A path that cannot be.
}


class UserError(ValueError):
    """A flag, a file or a setting is wrong: one sentence with what was expected and what came."""


@contextlib.contextmanager
def whole(path: Path, kind: str, *errors: type[Exception]):
    """Says in a sentence what a library raises as one of `errors` when `path` is damaged."""
    try:
        yield
    except UserError:
        raise
    except errors as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{path} should be a whole {kind}. Received: {reason}") from error


def short_message(error: Exception) -> str:
    """The message of an error, without the nodes of TensorFlow's graph."""
    message = getattr(error, "message", str(error))
    return re.sub(r"\s*(\{\{.*?\}\}|\[\[.*|\[Op:.*)", "", message, flags=re.DOTALL).strip()


def run_script(main, **app_run_arguments):
    """Runs `main(argv)` under absl; a `UserError` becomes one sentence and exit status 1.

    A file system that is full or read-only, or a path through a file, is told the same way, and
    Ctrl-C and SIGTERM end with status 130 and 143 once what was begun is cleared away.
    Everything else is a defect and keeps its traceback.
    """

    def guarded(argv):
        try:
            return main(argv)
        except UserError as error:
            return _fail(error)
        except OSError as error:
            if error.errno not in _FILE_SYSTEM_ERRORS:
                raise
            path = error.filename2 or error.filename or "while writing"
            return _fail(f"{error.strerror}: {path}")
        except KeyboardInterrupt:
            return _fail("interrupted.", status=130)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Lets `finally` clauses run.
    logging.set_verbosity(logging.ERROR)  # TensorFlow's remarks; what a user needs is printed.
    try:
        app.run(guarded, **app_run_arguments)
    except SystemExit as end:
        if "tensorflow_io" in sys.modules:
            _leave(end.code)
        raise


def _leave(status):
    """Ends the process before the S3 client of tensorflow-io 0.37 would abort it."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def _fail(sentence, status=1):
    # A worker thread or process may still run; what it writes is temporary and is left behind.
    print(f"Error: {sentence}", file=sys.stderr, flush=True)
    return status
