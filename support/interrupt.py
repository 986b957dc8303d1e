"""Ctrl-C while modules are imported."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def exit_at_once() -> Iterator[None]:
    """Ends the process with status 130 at Ctrl-C: nothing is lost while modules are imported.

    Python's own `KeyboardInterrupt` becomes another error in some of them. A handler that somebody
    else has set stays, and so does an ignored signal.
    """
    free = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not free or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit(*_):
    os.write(2, b"Error: interrupted.\n")
    os._exit(130)
