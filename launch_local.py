"""Starts several workers of train.py on this machine, to try what several machines would do.

    python launch_local.py --workers=2 -- --config=demo --data=demo/data --run=demo/run

Each line of theirs begins with the number of the worker. They train on the CPU, since processes
cannot share GPUs: all GPUs of one machine are used by `train.py` on its own.
"""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from absl import flags

from support.script import run_script

FLAGS = flags.FLAGS
flags.DEFINE_integer("workers", 2, "How many processes.", lower_bound=1)

_GRACE = 30  # Seconds in which the others may tell that a worker ended.


def main(argv):
    command = [sys.executable, str(Path(__file__).parent / "train.py"), *argv[1:]]
    return launch(command, FLAGS.workers)


def launch(command: list[str], workers: int, grace: float = _GRACE) -> int:
    """Runs `command` in several processes, each with its TF_CONFIG, until all have ended.

    SIGINT and SIGTERM are sent to each of them. If one fails, the others have `grace` seconds to
    end before they are killed.

    Returns:
        0, or the exit status of the worker that failed first (128 + the signal that killed it).
    """
    processes = []

    def forward(number, _frame):
        for process in processes:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    addresses = _free_addresses(workers)
    try:
        for index in range(workers):
            processes.append(_start(command, addresses, index))
        pumps = [pump for index, process in enumerate(processes) for pump in _pump(process, index)]
        status = _wait(processes, grace)
    finally:
        for process in processes:
            process.kill()
    for pump in pumps:
        pump.join()
    return status


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
        text=True,
        start_new_session=True,  # Ctrl-C comes from here alone, so that it comes once.
    )


def _pump(process, index):
    """Threads that print what `process` prints."""

    def copy(source, target):
        for line in source:
            print(f"[{index}] {line}", end="", file=target, flush=True)

    pumps = [
        threading.Thread(target=copy, args=streams)
        for streams in ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
    ]
    for pump in pumps:
        pump.start()
    return pumps


def _wait(processes, grace):
    """Waits until all have ended; returns the exit status of the first that failed, or 0."""
    status, deadline = 0, math.inf
    while True:
        codes = [process.poll() for process in processes]
        if not status and any(codes):
            status, deadline = next(filter(None, codes)), time.monotonic() + grace
        if None not in codes:
            return status if status >= 0 else 128 - status
        if time.monotonic() > deadline:
            for process in processes:
                process.kill()
        time.sleep(0.1)


if __name__ == "__main__":
    run_script(main)
