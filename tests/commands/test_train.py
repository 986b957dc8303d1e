"""What train.py chooses where flags are left out."""

import json
from pathlib import Path

import pytest

from commands import train
from commands.parser import Parser
from config import demo, faces
from support.errors import UserError
from tests.training.toys import write_config


def parse(*argv):
    parser = Parser()
    train.flags(parser)
    return parser.parse_args([str(word) for word in argv])


@pytest.fixture
def run(tmp_path):
    write_config(tmp_path, demo().override(["train.seed=7"]))
    description = json.loads((tmp_path / "config.json").read_text())
    description["data"] = {"folder": "videos/shapes"}
    (tmp_path / "config.json").write_text(json.dumps(description))
    return tmp_path


def test_a_run_is_resumed_with_its_own_settings_and_data(run):
    args = parse(f"--run={run}")
    config = train.choose_config(args)
    assert config == demo().override(["train.seed=7"])
    assert train.choose_data(args, config, run) == Path("videos/shapes")
    assert train.choose_data(parse("--data=other"), config, run) == Path("other")


def test_a_config_is_a_preset_or_a_file(run, tmp_path):
    assert train.choose_config(parse()) == faces()
    assert train.choose_config(parse(f"--run={run}", "--config=faces")) == faces()
    stored = train.choose_config(parse(f"--config={run / 'config.json'}"))
    assert stored.train.seed == 7
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps(demo().as_dict()))
    assert train.choose_config(parse(f"--config={alone}")) == demo()
    assert train.choose_data(parse(), demo(), tmp_path / "new") == Path("datasets/demo")


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--config=dem"], "--config should be one of faces, .* or FILE.json. Received: dem"),
        (["--config=nowhere.json"], "Cannot read nowhere.json: No such file"),
    ],
)
def test_mistakes(argv, sentence):
    with pytest.raises(UserError, match=sentence):
        train.choose_config(parse(*argv))


def test_settings_are_described_by_their_fields(capsys):
    assert train.run(parse("--config=demo", "--settings", "--set", "loss=wgan_gp")) is None
    text = " ".join(capsys.readouterr().out.split())
    assert "train.seed 0 seed of weights, noise and data order (0 to 4294967295)" in text
    assert "(positive; may change on resume)" in text
    assert "loss.drift_weight 0.001" in text
