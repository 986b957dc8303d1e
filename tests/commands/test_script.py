"""What the scripts import, and how they report mistakes; each runs as a process."""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from commands import script
from support.errors import UserError

ROOT = Path(__file__).parent.parent.parent
HEAVY = {"tensorflow", "keras", "cv2", "av", "matplotlib", "h5py", "scipy"}
SCRIPTS = {
    "dataset_tool.py": [
        *("create_tfrecords", "create_faces", "info", "verify"),
        *("display", "extract", "compare", "stats"),
    ],
    "generate.py": [
        *("samples", "interpolation", "project", "edit", "prediction", "progress", "curves"),
        *("report", "export"),
    ],
    "evaluate.py": [
        *("score", "distance", "prediction", "memorisation", "measure", "frames"),
        *("labels", "convert_weights", "train_c3d", "plot", "tables"),
        *("human_study", "human_results"),
    ],
    "train.py": [],
    "launch_local.py": [],
}
CALLS = [
    (name, *arguments)
    for name, commands in SCRIPTS.items()
    for arguments in [(), *((command,) for command in commands)]
]

# Runs a script, and prints its exit status and the heavy modules that it imported.
PROBE = f"""
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    print("\\nPROBE", end.code or 0, *sorted({HEAVY!r} & sys.modules.keys()))
"""


def probe(*arguments):
    """Exit status, heavy modules, standard output and standard error of a script."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    out, _, last = done.stdout.rpartition("\nPROBE ")
    status, *heavy = last.split()
    return int(status), heavy, out, done.stderr


def test_all_commands_are_known():
    modules = {path.stem for path in (ROOT / "commands").glob("*.py")}
    found = {name: importlib.import_module(f"commands.{name}") for name in modules}
    commands = {getattr(m, "NAME", name) for name, m in found.items() if hasattr(m, "run")}
    assert commands - {"train", "launch_local"} == {
        name for names in SCRIPTS.values() for name in names
    }


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_help_imports_nothing_heavy(call):
    status, heavy, out, err = probe(*call, "--help")
    assert (status, heavy, err) == (0, [], "")
    assert "--help" in out


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_wrong_flag_imports_nothing_heavy(call):
    status, heavy, out, err = probe(*call, "--frob=1")
    assert (status, heavy, out) == (1, [], "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", [name for name, commands in SCRIPTS.items() if commands])
def test_an_unknown_command(name):
    status, heavy, _, err = probe(name, "frobnicate")
    assert (status, heavy) == (1, [])
    assert err.startswith(f"Error: The command should be one of {', '.join(SCRIPTS[name])}. Rec")
    status, heavy, _, err = probe(name)
    assert (status, heavy) == (1, [])
    assert err == "Error: the following arguments are required: command\n"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("dataset_tool.py", "info", "--data=nowhere"), "Cannot read nowhere: it is no data set"),
        (("dataset_tool.py", "verify"), "the following arguments are required: --data"),
        (("dataset_tool.py", "extract", "--fps=0"), "--fps should be at least 1. Received: 0"),
        (("dataset_tool.py", "display", "--data=a", "--output=a.avi"), "--output should end in"),
        (("dataset_tool.py", "create_faces", "--size=3"), "--size should be at least 16."),
        (("generate.py", "samples", "--output=a.avi"), "--output should end in .mp4, .gif"),
        (("generate.py", "samples", "--run=none"), "--run should be the folder of a run"),
        (("generate.py", "progress", "--run=none"), "--run should be the folder of a run"),
        (("generate.py", "curves", "--run=none"), "--run should be the folder of a run"),
        (("generate.py", "export", "--format=a"), "--format should be one of saved_model, onnx"),
        (("evaluate.py", "distance", "--run=none"), "--run should be the folder of a run"),
        (("evaluate.py", "distance", "--num=0"), "--num should be at least 1. Received: 0"),
        (("evaluate.py", "score", "--weights=a", "--output=a.txt"), "--output should end in .json"),
        (("evaluate.py", "train_c3d", "--width=0"), "--width should be at least 1. Received: 0"),
        (("evaluate.py", "tables", "--output=a", "--data=golf"), "--data should be of actions"),
        (("evaluate.py", "plot", "--run", "none"), "Cannot plot none: it has no scores"),
        (("launch_local.py", "--workers=0"), "--workers should be at least 1. Received: 0"),
        (("train.py", "--config=face"), "--config should be one of faces"),
    ],
    ids=str,
)
def test_a_wrong_value_imports_nothing_heavy(call, sentence):
    status, heavy, _, err = probe(*call)
    assert (status, heavy) == (1, [])
    assert err.startswith(f"Error: {sentence}")


def test_info_needs_no_tensorflow_and_others_start_it_silently(tmp_path):
    shapes = ("--config=demo", "--source_format=synthetic", "--resolution=16", "--max_clips=2")
    data = tmp_path / "data"
    status, heavy, _, err = probe(
        "dataset_tool.py", "create_tfrecords", *shapes, f"--output={data}"
    )
    assert status == 0
    assert "tensorflow" in heavy
    assert all("sources" in line for line in err.splitlines()), err  # The progress.
    status, heavy, out, err = probe("dataset_tool.py", "info", f"--data={data}")
    assert (status, heavy, err) == (0, [], "")
    assert f"{data}: 2 clips" in out


def test_arguments_of_a_library_are_named_as_flags():
    class Command:
        """Toy."""

        LIGHT = True

        @staticmethod
        def flags(parser):
            parser.add_argument("--size", type=int)

        @staticmethod
        def run(args: argparse.Namespace):
            raise UserError("`size` should not be given with `other` or `size=3`. Received: both")

    with pytest.raises(UserError, match="^--size should not .* with `other` or --size=3. Received"):
        script.call(Command, ["--size=4"])
