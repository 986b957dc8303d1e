"""The notebook, run in its short form; its commands run in this process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.calls import call

FILE = Path(__file__).parent.parent.parent / "docs/demo.ipynb"
ONE_COMMAND = {"train.py": "train"}  # These scripts have no sub-commands.


@pytest.fixture
def cells():
    return json.loads(FILE.read_text())["cells"]


def test_it_is_committed_without_outputs(cells):
    notebook = json.loads(FILE.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        assert cell["cell_type"] in ("code", "markdown")
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


def test_its_cells_run(cells, tmp_path, monkeypatch, capsys, eager):
    commands, run_process = [], subprocess.run

    def run(command, **options):
        python, script, *flags = command
        if python != sys.executable:  # Training asks git for the commit.
            return run_process(command, **options)
        assert options == {"check": True}
        name = ONE_COMMAND.get(script) or flags.pop(0)
        commands.append(name)
        assert call(name, *flags) in (0, None)
        return None

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("DEMO_SHORT", "1")
    monkeypatch.setenv("DEMO_FOLDER", str(tmp_path))
    monkeypatch.chdir(FILE.parent)
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{FILE}:{cell['id']}", "exec"), names)
    assert commands == [
        *("samples", "create_tfrecords", "display", "train"),
        *("samples", "progress", "curves", "distance"),
    ]
    assert names["clips"].shape == (4, 8, 32, 32, 3)
    out = capsys.readouterr().out
    for name in ("model.gif", "data.png", "samples.gif", "progress.png", "curves.png"):
        assert (tmp_path / name).is_file()
        assert str(tmp_path / name) in out.splitlines()
    assert "sliced Wasserstein distance " in out
