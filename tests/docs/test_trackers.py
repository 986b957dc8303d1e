"""The lines for trackers in docs/training.md, run as they are printed where a tracker is installed.

PYTHONPATH=FOLDER python -m pytest tests/docs/test_trackers.py    # pip install --target=FOLDER
"""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.test_plots import made_up_history
from tests.train_command import TINY, make_data
from tests.training.toys import tiny_config, write_config

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/training.md").read_text()


def needs(name):
    return pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"there is no {name}")


@needs("wandb")
def test_wandb_takes_what_tensorboard_gets(tmp_path, monkeypatch):
    data = make_data(tmp_path / "data")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    (line,) = re.findall(r"^python (-c .*wandb.*) --config=faces$", PAGE, re.M)
    flags = [f"--data={data}", f"--run={tmp_path}/run", *TINY, "train.total_kimg=0.02"]
    subprocess.run([sys.executable, *shlex.split(line), *flags], cwd=ROOT, check=True)
    (stored,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    for name in ("loss/critic", "distance/sliced_wasserstein", "clips/fakes"):
        assert name.encode() in stored.read_bytes()
    assert list(stored.parent.glob("files/media/images/*.png"))


@needs("mlflow")
def test_mlflow_takes_the_history(tmp_path, monkeypatch):
    import mlflow

    run = tmp_path / "runs/faces"
    run.mkdir(parents=True)
    write_config(run, tiny_config("train.seed=5"))
    history = made_up_history()
    (run / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in history))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"file:{tmp_path}/mlruns")
    (script,) = re.findall(r"```python\n(.*?mlflow.*?)```", PAGE, re.S)
    exec(compile(script, "docs/training.md", "exec"), {})
    (stored,) = mlflow.search_runs(experiment_names=["video"], output_format="list")
    assert stored.data.params["train.seed"] == "5"
    assert stored.data.metrics["swd"] == pytest.approx(history[-1]["swd"])
    values = mlflow.MlflowClient().get_metric_history(stored.info.run_id, "critic")
    assert [(v.step, v.value) for v in values] == [(x["nimg"], x["critic"]) for x in history]
