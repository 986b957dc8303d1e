"""Starts several workers of train.py on this machine, to try what several machines would do.

    python launch_local.py --workers=2 -- --config=demo --data=demo/data --run=demo/run

Each line of theirs begins with the number of the worker. They train on the CPU, since processes
cannot share GPUs: `train.py` on its own uses all GPUs of one machine.
"""

import argparse
import contextlib
import json
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from commands.parser import Parser, whole
from support.processes import end_with_parent
from support.script import discard_output

LIGHT = True
_GRACE = 30  # seconds in which the others may report that a worker ended


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--workers", type=whole(1), default=2, help="processes")
    flag("arguments", nargs="*", metavar="-- FLAG", help="flags of train.py")


def run(args: argparse.Namespace) -> int:
    """Trains, and returns the exit status."""
    script = Path(__file__).parent.parent / "train.py"
    return launch([sys.executable, str(script), *args.arguments], args.workers)


def launch(command: list[str], workers: int, grace: float = _GRACE) -> int:
    """Runs `command` in several processes, each with its TF_CONFIG, until all have ended.

    SIGINT and SIGTERM are forwarded to each of them. They receive SIGTERM when this process dies,
    or when its output is closed, so that they save and end. Where one fails, the others have
    `grace` seconds to end before they are killed.

    Returns:
        0, or the exit status of the worker that failed first (128 + the signal that killed it).
    """
    processes: list[subprocess.Popen] = []

    def forward(number, _frame=None):
        for process in processes:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    addresses = _free_addresses(workers)
    try:
        for index in range(workers):
            processes.append(_start(command, addresses, index))
        with _Output(processes, lambda: forward(signal.SIGTERM)) as output:
            return _wait(processes, output, grace)
    finally:
        for process in processes:
            process.kill()


class _Output(contextlib.AbstractContextManager):
    """Copies the lines of workers, each after the worker's number.

    There are no threads: a worker would receive the signal of its parent's death for each of them.

    Args:
        processes: the workers.
        closed: called once where nobody reads the lines.
    """

    def __init__(self, processes: list[subprocess.Popen], closed: Callable[[], None]):
        self._closed, self._is_open = closed, True
        self._selector = selectors.DefaultSelector()
        self._unfinished: dict[int, bytes] = {}  # {descriptor: beginning of its next line}
        for index, process in enumerate(processes):
            for stream, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
                if stream:  # Each is a pipe.
                    self._selector.register(stream, selectors.EVENT_READ, (f"[{index}] ", target))
                    self._unfinished[stream.fileno()] = b""

    def __exit__(self, *error):
        self._selector.close()

    def copy(self, seconds: float) -> bool:
        """Waits up to `seconds` for lines, and copies them; whether there were some."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            data = os.read(key.fd, 2**16)
            *lines, rest = (self._unfinished[key.fd] + data).split(b"\n")
            if not data:
                self._selector.unregister(key.fileobj)
                lines += filter(None, [rest])
            self._unfinished[key.fd] = rest
            for line in lines:
                self._write(line.decode(errors="replace"), *key.data)
        return bool(ready)

    def _write(self, line, prefix, target):
        try:
            if self._is_open:  # Otherwise it is only read: a worker with a full pipe would stop.
                print(prefix, line, sep="", file=target, flush=True)
        except BrokenPipeError:
            self._is_open = False
            discard_output(target)
            self._closed()


def _wait(processes, output, grace):
    """Waits until all have ended; returns the exit status of the first that failed, or 0."""
    status, deadline = 0, math.inf
    while True:
        codes = [process.poll() for process in processes]
        if not status and any(codes):
            status, deadline = next(filter(None, codes)), time.monotonic() + grace
        if time.monotonic() > deadline:
            for process in processes:
                process.kill()
        has_ended = None not in codes
        if not output.copy(seconds=0 if has_ended else 0.1) and has_ended:
            return status if status >= 0 else 128 - status


def _free_addresses(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    addresses = [f"localhost:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


def _start(command, addresses, index):
    task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    return subprocess.Popen(
        command,
        env=os.environ | {"TF_CONFIG": json.dumps(task), "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C comes only from here, so that it comes once.
        preexec_fn=end_with_parent(os.getpid()),
    )
