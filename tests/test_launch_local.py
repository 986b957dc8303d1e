"""Workers on one machine: what the launcher does, and what train.py does on several machines."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.test_train import data  # noqa: F401 - a fixture.
from tests.train_command import ROOT, TINY

SMALL = [*TINY, "network.stddev_group=2", "train.distance_ticks=0"]
# With such an epsilon, Adam follows the gradient as SGD does, and hides no factor.
AS_SGD = [
    *("train.epsilon=1000", "schedule.generator_rate=50", "schedule.critic_rate=50"),
    "schedule.decay_kimg=0",  # Rates would fall before each end.
]


def launch(code: str, workers: int, grace: float = 60):
    """Runs `code` as each worker."""
    return subprocess.run(launcher(code, workers, grace), cwd=ROOT, capture_output=True, text=True)


def launcher(code: str, workers: int, grace: float = 60) -> list[str]:
    """The arguments of a process that runs `code` as each worker."""
    call = f"launch([sys.executable, '-c', {code!r}], {workers}, {grace})"
    program = f"import sys; from commands.launch_local import launch; sys.exit({call})"
    return [sys.executable, "-c", program]


def test_workers_get_their_tasks_and_their_lines_are_marked():
    code = "import os, sys; print(os.environ['TF_CONFIG']); print('bad', file=sys.stderr)"
    done = launch(code, workers=3)
    assert done.returncode == 0
    assert sorted(done.stderr.splitlines()) == ["[0] bad", "[1] bad", "[2] bad"]
    configs = [json.loads(line.partition("] ")[2]) for line in sorted(done.stdout.splitlines())]
    assert [c["task"] for c in configs] == [{"type": "worker", "index": i} for i in range(3)]
    clusters = [c["cluster"]["worker"] for c in configs]
    assert clusters[0] == clusters[1] == clusters[2]
    assert len(set(clusters[0])) == 3


@pytest.mark.parametrize(("end", "status"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137)])
def test_where_one_fails_the_others_are_killed(end, status):
    code = (
        "import os, sys, time\n"
        "if '\"index\": 1' in os.environ['TF_CONFIG']:\n"
        f"    {end}\n"
        "time.sleep(999)\n"
    )
    assert launch(code, workers=3, grace=0.1).returncode == status


def test_a_signal_goes_to_each_worker_once():
    code = (
        "import signal, sys, time\n"
        "def note(number, _):\n"
        "    print('got', number, flush=True)\n"
        "    time.sleep(0.5)\n"
        "    sys.exit(128 + number)\n"
        "signal.signal(signal.SIGINT, note)\n"
        "print('ready', flush=True)\n"
        "time.sleep(999)\n"
    )
    process = subprocess.Popen(launcher(code, 2), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert {process.stdout.readline() for _ in range(2)} == {"[0] ready\n", "[1] ready\n"}
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert sorted(out.splitlines()) == ["[0] got 2", "[1] got 2"]
    assert process.returncode == 130


# Prints for ever, until SIGTERM: then the worker "saves" by writing a file.
SAVES = """
import os, pathlib, signal, sys, time
file = pathlib.Path({folder!r}, str(os.getpid()))
def save(number, _):
    file.write_text("saved")
    os._exit(128 + number)
signal.signal(signal.SIGTERM, save)
file.write_text("running")
while True:
    try:
        print("line", "x" * 1000, flush=True)
    except BrokenPipeError:
        pass
    time.sleep(0.01)
"""


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def texts(folder):
    return sorted(path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_killed_launcher_leaves_no_workers(tmp_path, number):
    process = subprocess.Popen(
        launcher(SAVES.format(folder=str(tmp_path)), 2), cwd=ROOT, stdout=subprocess.PIPE
    )
    wait_until(lambda: texts(tmp_path) == ["running"] * 2)
    process.send_signal(number)
    process.wait()
    wait_until(lambda: texts(tmp_path) == ["saved"] * 2)
    process.stdout.close()


def test_workers_end_where_nobody_reads_their_lines(tmp_path):
    process = subprocess.Popen(
        launcher(SAVES.format(folder=str(tmp_path)), 2),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    wait_until(lambda: texts(tmp_path) == ["running"] * 2)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert texts(tmp_path) == ["saved"] * 2


class Training:
    """train.py in one process, or in several workers."""

    def __init__(self, data, run, workers, *settings):  # noqa: F811
        flags = [f"--data={data}", f"--run={run}", *SMALL, *settings]
        script = ["launch_local.py", f"--workers={workers}", "--"] if workers > 1 else ["train.py"]
        self.process = subprocess.Popen(
            [sys.executable, *script, *flags],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_it_ticks(self) -> str:
        """What it printed up to there."""
        lines = []
        while "tick " not in (line := self.process.stdout.readline()):
            lines.append(line)
            assert line, self.process.stderr.read()
        return "".join(lines)

    def workers(self) -> list[int]:
        """Their processes."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, index, number):
        """Sends a signal to one of the workers."""
        os.kill(self.workers()[index], number)

    def end(self):
        """Exit status, standard output and standard error."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


def history(run):
    """nimg -> line of the history."""
    lines = (run / "history.jsonl").read_text().splitlines()
    return {line["nimg"]: line for line in map(json.loads, lines)}


def test_two_workers_equal_one_process_which_goes_on_with_their_run(data, tmp_path):  # noqa: F811
    one = Training(data, tmp_path / "one", 1, *AS_SGD)
    assert one.end()[0] == 0
    two = Training(data, tmp_path / "two", 2, *AS_SGD, "train.total_kimg=0.2")
    status, out, err = two.end()
    assert status == 0, err
    assert not [line for line in out.splitlines() if line.startswith("[1]")]  # The chief tells.
    status, out, err = Training(data, tmp_path / "two", 1, *AS_SGD).end()
    assert status == 0, err
    assert "from kimg 0.2\n" in out
    expected, found = history(tmp_path / "one"), history(tmp_path / "two")
    assert found.keys() == expected.keys()
    for nimg, line in expected.items():
        for term in ("critic", "gradient_penalty", "projection_penalty", "generator"):
            np.testing.assert_allclose(found[nimg][term], line[term], rtol=1e-3, atol=1e-6)


def test_workers_of_a_killed_launcher_save(data, tmp_path):  # noqa: F811
    training = Training(data, tmp_path / "run", 2, "train.total_kimg=1000")
    training.until_it_ticks()
    workers = training.workers()
    training.process.kill()
    training.end()
    wait_until(lambda: not any(is_alive(worker) for worker in workers), seconds=120)
    last = (tmp_path / "run/log.txt").read_text().splitlines()[-1]
    saved = re.search(r" Interrupted and saved at kimg (\S+)\. ", last)[1]
    assert float(saved) > 0


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


# Which worker gets which signal; the first of each, unless it is a long test.
ENDS = [(1, signal.SIGTERM), (0, signal.SIGINT)]
DEATHS = [(1, signal.SIGKILL), (0, signal.SIGKILL), (1, signal.SIGSTOP), (0, signal.SIGSTOP)]


def test_interrupts_end_all_workers_and_deaths_are_told(data, tmp_path, soak):  # noqa: F811
    cases = ENDS + DEATHS if soak else [ENDS[0], DEATHS[0]]
    saved = "0"
    for index, number in cases:
        training = Training(data, tmp_path / "run", 2, "train.total_kimg=1000")
        assert f"from kimg {saved}\n" in training.until_it_ticks()
        training.kill(index, number)
        status, out, err = training.end()
        if (index, number) in ENDS:
            assert status == 128 + number, err
            saved = re.search(r"\[0\] Interrupted and saved at kimg (\S+)\. ", out)[1]
        else:
            assert status in (1, 128 + number)
            told = [line for line in err.splitlines() if "Error: " in line]
            assert len(told) == 1, err
            assert told[0].startswith(f"[{1 - index}] Error: Lost worker {index} (localhost:")
            assert "Traceback" not in err
            checkpoints = (tmp_path / "run/checkpoints").glob("ckpt-*.index")
            saved = f"{max(int(file.stem[5:]) for file in checkpoints) / 1000:g}"


def test_workers_with_other_settings_are_refused(data, tmp_path):  # noqa: F811
    """Each worker of this launch has a seed of its own."""
    flags = [f"--data={data}", f"--run={tmp_path / 'run'}", *SMALL]
    code = (
        "import json, os, sys\n"
        "index = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
        f"flags = ['train.py', *{flags}, f'train.seed={{index}}']\n"
        "os.execv(sys.executable, [sys.executable, *flags])\n"
    )
    done = launch(code, workers=2)
    assert done.returncode == 1
    for index in range(2):
        sentence = (
            f"[{index}] Error: All workers should have the same --config, --set, --init and --data"
        )
        assert sentence in done.stderr
    assert not (tmp_path / "run").exists()
