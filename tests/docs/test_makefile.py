"""`make install` with stand-ins for Python: what is made anew, and what is remembered."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

# A Python that only knows its version, how to make a folder for `-m venv`, and to print calls.
PYTHON = """#!/bin/sh
case "$*" in
    *"sys.version_info[:2]"*) echo {version} ;;
    "-m venv "*) mkdir -p $3/bin && cp "$0" $3/bin/python && touch $3/pyvenv.cfg ;;
    "-m pip "*) echo "pip of {version}: $*"; exit "${{FAIL:-0}}" ;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Runs make in a copy; returns its status and output."""
    project = tmp_path / "project"
    project.mkdir()
    for file in [ROOT / "Makefile", *ROOT.glob("requirements*.txt")]:
        shutil.copy(file, project)
    for version in ("3.11", "3.12"):
        python = tmp_path / f"python{version}"
        python.write_text(PYTHON.format(version=version))
        python.chmod(0o755)
    (tmp_path / "python3").symlink_to("python3.11")
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHON", "GPU", "MAKEFLAGS")}
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"

    def run(*arguments, **variables):
        done = subprocess.run(
            ["make", *arguments],
            cwd=project,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    run.project = project
    return run


def test_a_second_install_does_nothing(make):
    status, output = make("install")
    assert status == 0
    assert "pip of 3.11" in output
    assert "requirements.txt" in output
    assert "pip" not in make("install")[1]


def test_another_python_makes_it_anew_and_is_remembered(make):
    make("install")
    assert "Making .venv with Python 3.12" in make("install", "PYTHON=python3.12")[1]
    assert "pip" not in make("install")[1]
    (make.project / "requirements.txt").write_text("other==1\n")
    assert "pip of 3.12" in make("install")[1]


def test_gpu_is_remembered_until_it_is_given_again(make):
    assert "requirements-gpu.txt" in make("install", "GPU=1")[1]
    assert "pip" not in make("install")[1]
    with (make.project / "requirements-gpu.txt").open("a") as file:
        file.write("other==1\n")
    assert "-r requirements-gpu.txt" in make("install")[1]
    assert "-r requirements.txt" in make("install", "GPU=0")[1]
    assert make("install", "GPU=yes")[0] != 0


def test_an_interrupted_install_is_made_anew_with_the_same_choices(make):
    assert make("install", "GPU=1", FAIL="1")[0] != 0
    status, output = make("install")
    assert status == 0
    assert "-r requirements-gpu.txt" in output


@pytest.mark.parametrize("target", ["install", "clean"])
def test_a_folder_of_something_else_stays(make, target):
    folder = make.project / "mine"
    folder.mkdir()
    (folder / ".hidden").touch()
    status, output = make(target, "VENV=mine")
    assert status != 0
    assert "mine should be a virtual environment" in output
    assert (folder / ".hidden").exists()
