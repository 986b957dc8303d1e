"""The example of docs/scripting.md, run as it is printed with a tiny model."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metrics import weights
from metrics.c3d import C3D
from models.registry import model_class
from sampling.snapshot import save_snapshot
from tests.training.toys import tiny_config, write_config

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def demo(tmp_path):
    """A folder with what `make demo` leaves, and the weights of a narrow network."""
    config, run = tiny_config(), tmp_path / "demo/run"
    (run / "snapshots").mkdir(parents=True)
    write_config(run, config)
    nimg = round(config.train.total_kimg * 1000)
    save_snapshot(run, model_class(config).generator(config), nimg)
    flags = [f"--ladder={config.ladder}", "--resolution=16", "--num_frames=8"]
    subprocess.run(
        [
            *(sys.executable, ROOT / "dataset_tool.py", "create_tfrecords", *flags),
            *("--source_format=synthetic", "--max_clips=32", f"--output={tmp_path}/demo/data"),
        ],
        check=True,
    )
    weights.save(C3D(8, width=1), tmp_path / "demo/c3d.weights.h5", {})
    return tmp_path


def test_the_example_runs_as_it_is_printed(demo, monkeypatch, capsys):
    monkeypatch.chdir(demo)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/scripting.md").read_text(), re.S)
    names = {}
    exec(compile(example, "docs/scripting.md", "exec"), names)
    assert names["fakes"].shape == (32, 8, 16, 16, 3)
    assert names["fakes"].dtype == np.uint8
    assert np.isfinite(names["score"])
    assert capsys.readouterr().out.endswith(f"kernel distance of 32 clips: {names['score']:.4g}\n")
