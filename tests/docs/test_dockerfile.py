"""The Dockerfile agrees with the Makefile and with the files of the repository."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PYTHON = '#!/bin/sh\necho "$@"\n'  # Prints how it was called.


def instructions():
    """(instruction, its arguments) of each, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def all_of(name):
    return [arguments for instruction, arguments in instructions() if instruction == name]


def makefile(pattern):
    return re.search(pattern, (ROOT / "Makefile").read_text())


@pytest.fixture
def install(tmp_path):
    """Runs the instruction that installs the requirements, with a stand-in for Python."""
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    (command,) = (run for run in all_of("RUN") if "pip install" in run)

    def run(gpu):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GPU": gpu}
        return subprocess.run(
            ["sh", "-c", command], env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_the_locks_are_those_of_the_makefile(install):
    gpu, cpu = makefile(r"LOCK := \$\(if \$\(filter 1,\$\(GPU\)\),(\S+),(\S+)\)").groups()
    flags = makefile(r"-m pip install (.*) -r \$\(LOCK\)")[1]
    for given, lock in (("0", cpu), ("1", gpu)):
        done = install(given)
        assert done.returncode == 0
        words = set(done.stdout.split()) - {"--no-cache-dir"}
        assert words == {"-m", "pip", "install", *flags.split(), "-r", lock}
        assert lock in all_of("COPY")[0].split()
    assert all_of("ARG") == ["GPU=0"]


def test_another_choice_is_refused(install):
    done = install("yes")
    assert done.returncode == 1
    assert "GPU should be 0 or 1. Received: GPU=yes" in done.stderr


def test_copied_files_exist():
    for arguments in all_of("COPY"):
        *sources, _ = arguments.split()
        assert all((ROOT / source).exists() for source in sources)


def test_python_is_one_that_the_makefile_allows():
    (image,) = all_of("FROM")
    version = tuple(map(int, re.fullmatch(r"python:(\d+)\.(\d+)-slim", image).groups()))
    first, last = makefile(r"(\(\d+, \d+\)) <= v\[:2\] <= (\(\d+, \d+\))").groups()
    assert tuple(json.loads(f"[{first[1:-1]}]")) <= version <= tuple(json.loads(f"[{last[1:-1]}]"))


def test_it_runs_our_scripts_without_the_rights_of_root():
    assert int(all_of("USER")[-1]) > 0
    assert json.loads(all_of("ENTRYPOINT")[0]) == ["python"]  # Signals reach it without a shell.
    script, _ = json.loads(all_of("CMD")[0])
    assert (ROOT / script).is_file()


def test_what_git_ignores_is_left_out_and_what_it_has_is_not():
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}
    left_out = {
        line.removeprefix("**/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if not line.startswith("#")
    }
    assert left_out - {".git", ".ci"} == ignored
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-from=.dockerignore"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {Path(file).parts[0] for file in listed.stdout.split()} <= {".ci"}
