import json

import pytest
import yaml
from PIL import Image

from models.registry import model_class
from sampling.export import export
from sampling.hub import front_matter
from sampling.snapshot import load_model, load_snapshot, save_snapshot
from tests.commands.calls import call
from tests.training.toys import tiny_config, write_config

DISTANCE = {"swd": 283.105, "swd_floor": 109.9, "motion": 19.5, "motion_reals": 11.75}


@pytest.fixture
def run(tmp_path):
    """A run with a distance and a score."""
    config, run = tiny_config(), tmp_path / "run"
    run.mkdir()
    write_config(run, config)
    line = {"nimg": 200, "kimg": 0.2, "rung": "8x16x16", "fading": False} | DISTANCE
    (run / "history.jsonl").write_text(json.dumps(line) + "\n")
    score = {"nimg": 200, "kimg": 0.2, "protocol": "thesis", "inception_score": 4.5}
    score["details"] = {"network": {"sha256": "0" * 64}}
    (run / "scores.jsonl").write_text(json.dumps(score) + "\n")
    save_snapshot(run, model_class(config).generator(config), 200)
    return run


def test_a_folder_of_the_hub_has_pictures_numbers_licence_and_data(run, tmp_path):
    folder = tmp_path / "hub"
    call("export", f"--run={run}", "--format=hub", "--licence=cc-by-4.0", f"--output={folder}")
    names = {path.name for path in folder.iterdir()}
    assert names == {"README.md", "samples.webp", "generator.weights.h5", "generator.json"}
    with Image.open(folder / "samples.webp") as picture:
        assert (picture.n_frames, picture.size) == (8, (262, 262))
    _, matter, text = (folder / "README.md").read_text().split("---\n", 2)
    about = yaml.safe_load(matter)
    assert about["license"] == "cc-by-4.0"
    (result,) = about["model-index"][0]["results"]
    values = {metric["name"]: metric["value"] for metric in result["metrics"]}
    assert values["sliced Wasserstein distance x 1000"] == 283.105
    assert values["inception score, protocol thesis"] == 4.5
    assert all(" " not in metric["type"] for metric in result["metrics"])
    for part in (
        "# demo\n",
        "clips of 8 frames and 16x16 pixels",
        "](samples.webp)",
        "| motion energy of reals | 11.75 |",
        "| inception score, protocol thesis | 4.5 |",
        "Weights: cc-by-4.0.",
    ):
        assert part in text, part
    assert load_model(folder / "generator.weights.h5").card["licence"] == "cc-by-4.0"


def test_what_is_not_known_is_left_open(run, tmp_path):
    for name in ("history.jsonl", "scores.jsonl"):
        (run / name).unlink()
    (run / "snapshots/gs-000000200.json").unlink()
    export(load_snapshot(run), tmp_path / "hub", "hub")
    text = (tmp_path / "hub/README.md").read_text()
    about = yaml.safe_load(text.split("---\n")[1])
    assert about["license"] == "unknown"
    assert "model-index" not in about
    assert "| none was measured | |" in text
    assert "Data set `unknown`" in text


def test_names_with_marks_of_yaml_are_quoted():
    card = {"licence": "a: b", "data": {"name": '# "x" - [y]'}, "distance": {"swd": 1.0}}
    about = yaml.safe_load(front_matter(card, "faces: 2").strip("-\n"))
    assert about["license"] == "a: b"
    assert about["model-index"][0]["name"] == "faces: 2"
    assert about["model-index"][0]["results"][0]["dataset"]["name"] == '# "x" - [y]'
