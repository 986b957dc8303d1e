"""What train.py chooses where flags are left out."""

import json
from pathlib import Path

import pytest

from commands import create_tfrecords, train
from commands.parser import Parser
from config import PRESETS, actions, demo, faces
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from growth.phase import list_phases
from support.errors import UserError
from tests.training.toys import write_config

WIDE = "4x4x8 8x4x8 8x8x16 8x16x32"
WIDEST = "4x9x16 4x18x32 4x36x64 4x72x128 4x144x256"


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


def test_the_clock_is_that_of_the_plan(run):
    assert train.choose_clock(parse(), run) == "wall"
    assert train.choose_clock(parse("--clock=cpu"), run / "new") == "cpu"
    description = json.loads((run / "config.json").read_text())
    plan = {"hours": 1, "used_seconds": 0, "asked": {}, "measured": {"rates": {}, "tracing": 1}}
    description["plan"] = plan | {"clock": "cpu"}
    (run / "config.json").write_text(json.dumps(description))
    assert train.choose_clock(parse(), run) == "cpu"
    assert train.choose_clock(parse("--clock=wall"), run) == "wall"


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
    ("size", "growth", "preset"),
    [
        (["--size=8"], ("thesis", 8, 8), "demo"),
        (["--size=64", "--frames=8"], ("thesis", 64, 8), "actions"),
        (["--size=128", "--frames=32"], ("authors", 128, 32), "ucf101"),
        (["--aspect=2:1", "--size=32"], (WIDE, 16, 8), "demo"),
        (["--size=144x256", "--frames=4"], (WIDEST, 144, 4), "faces"),
        (["--ladder=4x4x4 8x4x4 8x8x8"], ("4x4x4 8x4x4 8x8x8", 8, 8), "demo"),
    ],
)
def test_ladder_and_size_are_those_of_the_data(tmp_path, capsys, size, growth, preset):
    flags = Parser()
    create_tfrecords.flags(flags)
    ladder, name = create_tfrecords.choose_ladder(flags.parse_args(["--source=my/videos", *size]))
    assert name == "videos"
    rungs = [str(rung) for rung in ladder]
    shard = {"file": "0", "records": 1, "bytes": 1, "sha256": ""}
    metadata = {
        "format": 2,
        "ladder": str(ladder),
        "encoding": dict.fromkeys(rungs, "raw"),
        "clips": 1,
        "labels": [],
        "shards": {rung: [shard] for rung in rungs},
    }
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    config = train.choose_config(parse(f"--data={tmp_path}"))
    assert config.name == tmp_path.name
    assert str(config.ladder) == str(ladder)
    found = (config.growth.ladder, config.growth.resolution, config.growth.num_frames)
    assert found == growth
    assert config.network == PRESETS[preset]().network
    assert capsys.readouterr().out == (
        f"{tmp_path} has the ladder {ladder}, which is trained. Other settings are those of the "
        f"preset {preset} (--config chooses another).\n"
    )
    last = list_phases(config.schedule, config.ladder)[-1]
    assert config.train.total_kimg * 1000 > last.begin


def test_models_of_one_size_refuse_others():
    flags = Parser()
    create_tfrecords.flags(flags)
    args = flags.parse_args(["--config=vgan_golf", "--aspect=16:9"])
    with pytest.raises(UserError, match="The model vgan should have clips of .* 32x36x64"):
        create_tfrecords.choose_ladder(args)
    args = flags.parse_args(["--config=faces", "--aspect=16:9"])
    assert str(create_tfrecords.choose_ladder(args)[0]).endswith(" 32x144x256")
    args = flags.parse_args(["--size=144x256", "--aspect=16:9"])
    with pytest.raises(UserError, match="--aspect should be given with a --size of one number"):
        create_tfrecords.choose_ladder(args)


def test_a_preset_comes_before_the_data(tmp_path):
    assert train.choose_config(parse("--config=actions", f"--data={tmp_path}")) == actions()
    with pytest.raises(UserError, match=r"it is no data set .* with create_tfrecords"):
        train.choose_config(parse(f"--data={tmp_path}"))


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


@pytest.mark.parametrize("asked", [False, True])
def test_float32_is_no_tensorfloat32_unless_it_is_asked_for(asked, capsys):
    import tensorflow as tf

    before = tf.config.experimental.tensor_float_32_execution_enabled()
    try:
        train.run(parse("--config=demo", "--dry_run", f"--set=train.tensorfloat32={asked}".lower()))
        assert tf.config.experimental.tensor_float_32_execution_enabled() is asked
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def test_dry_run_has_the_classes_of_the_data(tmp_path, capsys):
    flags = ["--config=demo", "--dry_run", "--set", "network.labels=concat"]
    data, options = tmp_path / "data", ReaderOptions(num_clips=8, num_frames=8, resolution=32)
    shapes = list_sources(tmp_path, "synthetic", options)
    create_dataset(data, shapes, demo().ladder, ClipRules(8), about={})
    train.run(parse(f"--data={data}", *flags))
    assert "Label  " in capsys.readouterr().out
    train.run(parse(f"--data={tmp_path / 'none'}", *flags))
    out = capsys.readouterr().out
    assert out.startswith("The tables below are those without labels. Cannot read")
    assert "Label  " not in out
