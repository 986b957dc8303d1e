"""evaluate.py human_study and human_results, from models to numbers."""

import json

import numpy as np
import pytest

from models.registry import model_class
from sampling.snapshot import save_snapshot
from support.errors import UserError
from tests.commands.calls import call
from tests.scoring.human_study.studies import HEADER, answer_all
from tests.training.toys import tiny_config, write_config


@pytest.fixture
def models(tmp_path, shapes):
    """A run that names its data set, and an array."""
    config, run = tiny_config(), tmp_path / "swgan"
    run.mkdir()
    write_config(run, config)
    description = json.loads((run / "config.json").read_text())
    description["data"] = {"folder": str(shapes), "fps": 12.5}
    (run / "config.json").write_text(json.dumps(description))
    save_snapshot(run, model_class(config).generator(config), 200)
    clips = np.random.default_rng(0).integers(0, 256, (4, 8, 16, 16, 3), np.uint8)
    np.save(tmp_path / "other.npy", clips)
    return run, tmp_path / "other.npy"


def test_from_models_to_numbers(models, tmp_path, capsys):
    output = tmp_path / "study"
    call("human_study", "--models", *models, "--pairs=3", "--catch=2", f"--output={output}")
    out = capsys.readouterr().out
    assert f"5 questions. Hand out {output}/page, and keep {output}/key.json." in out
    key = json.loads((output / "key.json").read_text())
    assert key["fps"] == 12.5
    assert key["models"][str(models[0])]["nimg"] == 200
    ranks = {str(models[0]): 2, str(models[1]): 1, "(real)": 3}
    for name in ("ann", "bob"):
        answers = answer_all(key, name, lambda source: ranks.get(source, 0))
        (tmp_path / f"{name}.csv").write_text(answers)
    wrong = answer_all(key, "eve", lambda source: -ranks.get(source, 0))
    (tmp_path / "eve.csv").write_text(wrong)
    files = [tmp_path / f"{name}.csv" for name in ("ann", "bob", "eve")]
    found = tmp_path / "found.json"
    call("human_results", f"--key={output}/key.json", "--answers", *files, f"--output={found}")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 of 3 raters count; ")
    assert lines[1] == "eve failed: 0 of 2 catch pairs right."
    assert lines[2] == (
        f"{models[0]} was preferred to {models[1]} in 100.0% of 6 answers (95 % interval 61.0% to "
        "100.0%, p = 0.0312)."
    )
    assert lines[3] == "Two raters agree in 100% of cases, Fleiss' kappa 1.00."
    assert json.loads(found.read_text())["pairs"][0]["wins"] == 6


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--models", "{run}"], "--models should be two or more"),
        (["--models", "{run}", "{run}"], "--models should be two or more"),
        (
            ["--models", "{run}", "{run}/none"],
            "--models should be files or folders. Received: .*none",
        ),
        (
            ["--models", "{other}", "{run}/snapshots"],
            "--reals should be a data set for catch pairs",
        ),
        (["--models", "{run}", "{other}", "--pairs=5"], "--pairs should be at most 4"),
    ],
)
def test_mistakes(models, tmp_path, flags, message):
    flags = [flag.format(run=models[0], other=models[1]) for flag in flags]
    with pytest.raises(UserError, match=message):
        call("human_study", *flags, f"--output={tmp_path}/study")
    assert not (tmp_path / "study").exists()


def test_a_key_of_something_else(models, tmp_path):
    (tmp_path / "a.csv").write_text(HEADER)
    with pytest.raises(UserError, match="config.json: `study` is missing"):
        call("human_results", f"--key={models[0]}/config.json", "--answers", tmp_path / "a.csv")
