"""evaluate.py in the process, on a run and a data set that the test makes."""

import json
import shutil

import h5py
import numpy as np
import pytest
from PIL import Image

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pipeline import ClipPipeline
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from metrics import weights
from metrics.c3d import C3D
from run_folder.folder import RunFolder
from run_folder.reading import read_scores
from sampling.snapshot import save_snapshot
from support.errors import UserError
from tests.commands.calls import call as _main
from tests.dataset.videos import write_video
from tests.training.toys import tick, tiny_config, trainer_for, write_config
from training.loop import train
from training.monitor import Monitor


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """16 labelled clips on the ladder of `tiny_config`."""
    return _make_shapes(tmp_path_factory.mktemp("data") / "shapes", seed=0)


@pytest.fixture(scope="module")
def other_data(tmp_path_factory):
    """16 others."""
    return _make_shapes(tmp_path_factory.mktemp("data") / "others", seed=1)


def _make_shapes(folder, seed):
    options = ReaderOptions(num_clips=16, num_frames=8, resolution=16, seed=seed)
    sources = list_sources(folder, "synthetic", options)
    about = {"tool_version": "0", "arguments": {}}
    create_dataset(folder, sources, tiny_config().ladder, ClipRules(8), seed=seed, about=about)
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A narrow C3D of eight classes with random weights."""
    path = tmp_path_factory.mktemp("network") / "c3d.weights.h5"
    weights.save(C3D(8, width=1), path, {"mean": [100.0, 100.0, 100.0]})
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with one snapshot."""
    config, run = tiny_config(), tmp_path_factory.mktemp("run")
    write_config(run, config)
    save_snapshot(run, trainer_for(config).model.networks["Gs"], 32)
    return run


def test_distance_and_motion_beside_those_of_the_reals(run, data, capsys):
    flags = ["distance", f"--run={run}", f"--data={data}", "--num=8"]
    _main(*flags, "--max_distance=1e9", "--motion_range", 0.001, 1000)
    lines = [line for line in capsys.readouterr().out.splitlines() if "Warning" not in line]
    assert sum("reals against reals" in line for line in lines) == 3
    assert "grey levels per frame" in lines[3]
    assert len(lines) == sum(", 8 clips" in line for line in lines) == 4
    with pytest.raises(UserError, match="at most 1. Received"):
        _main(*flags, "--max_distance=1")
    with pytest.raises(UserError, match="The motion energy should be"):
        _main(*flags, "--motion_range", 0.999, 1.001)


def test_a_run_knows_its_data(data, tmp_path, capsys, monkeypatch):
    config, run = tiny_config(), tmp_path / "run"
    run.mkdir()
    description = {"config": config.as_dict(), "versions": {}}
    for folder in (data, tmp_path / "moved"):
        content = description | {"data": {"folder": str(folder), "sha256": "0"}}
        (run / "config.json").write_text(json.dumps(content))
        if folder == data:
            save_snapshot(run, trainer_for(config).model.networks["Gs"], 32)
            _main("distance", f"--run={run}", "--num=8")
            assert "8 clips" in capsys.readouterr().out
    with pytest.raises(
        UserError, match="Cannot find the data set of .*/moved is no data set. Give"
    ):
        _main("distance", f"--run={run}", "--num=8")
    _main("distance", f"--run={run}", f"--data={data}", "--num=8")
    # A model that was passed on has the name of its data set alone.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datasets").mkdir()
    model = f"--model={run}/snapshots/gs-000000032.weights.h5"
    with pytest.raises(UserError, match=f"datasets/{data.name}: it is no data set"):
        _main("distance", model)
    (tmp_path / "datasets" / data.name).symlink_to(data)
    _main("distance", model, "--num=8")
    (tmp_path / "videos").mkdir()
    with pytest.raises(UserError, match="videos: it is no data set .* with create_tfrecords"):
        _main("distance", f"--run={run}", f"--data={tmp_path}/videos")


def test_the_score_of_a_run(run, data, network, capsys):
    flags = [f"--run={run}", f"--data={data}", f"--weights={network}", "--num=8"]
    _main("score", *flags, "--controls", "frozen", "shuffled")
    out = capsys.readouterr().out
    assert "thesis: 32 clips" in out  # Four repeats.
    for words in ("inception score: ", "frechet distance: ", "reals, frozen: frechet distance "):
        assert words in out
    written = run / "score-thesis-32.json"
    found = json.loads(written.read_text())
    assert found["fakes"]["nimg"] == 32
    assert found["network"]["sha256"] == json.loads(_sidecar(network).read_text())["sha256"]
    assert found["measures"]["frechet_distance"]["floor_clips"] == 8
    _main("score", *flags, "--controls", "frozen", "shuffled")
    assert json.loads(written.read_text()) == found


def test_several_devices_and_workers_find_the_same_score(run, data, network, tmp_path, monkeypatch):
    flags = ["score", f"--run={run}", f"--weights={network}", "--num=8"]
    found = []
    for devices in ("CPU:0", "CPU:0,CPU:1,CPU:2"):
        cache, output = tmp_path / devices, tmp_path / f"{devices}.json"
        more = [f"--data={data}", f"--cache={cache}", f"--output={output}"]
        _main(*flags, *more, f"--devices={devices}")
        found.append(json.loads(output.read_text()))
        cluster = {"worker": ["first:1", "second:1"]}
        monkeypatch.setenv(
            "TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}})
        )
    assert found[0] == found[1]
    assert sorted(file.name for file in cache.iterdir()) == sorted(
        file.name for file in (tmp_path / "CPU:0").iterdir()
    )
    monkeypatch.setattr("scoring.features.cache_beside", lambda data: None)  # As of remote ones.
    with pytest.raises(UserError, match="--cache should be a folder that all workers"):
        _main(*flags, f"--data={data}")


def test_a_model_that_was_passed_on_is_measured_alone(run, data, network, tmp_path, capsys):
    for file in (run / "snapshots").iterdir():
        shutil.copy(file, tmp_path)
    _main("distance", f"--run={run}", f"--data={data}", "--num=8")
    expected = capsys.readouterr().out
    model = f"--model={tmp_path / 'gs-000000032.weights.h5'}"
    _main("distance", model, f"--data={data}", "--num=8")
    assert capsys.readouterr().out == expected
    _main("score", model, f"--data={data}", f"--weights={network}", "--num=8")
    assert json.loads((tmp_path / "score-thesis-32.json").read_text())["fakes"]["nimg"] == 32
    _main("memorisation", model, f"--data={data}", f"--weights={network}", "--num=8")
    assert (tmp_path / "memorisation-32.png").exists()


def test_the_score_of_videos_of_an_array_and_of_a_data_set(
    data, other_data, network, tmp_path, capsys
):
    clips = np.random.default_rng(0).integers(0, 256, (6, 8, 16, 16, 3), "u1")
    np.save(tmp_path / "clips.npy", clips)
    for i, clip in enumerate(clips):
        write_video(tmp_path / "videos" / f"{i}.mp4", list(clip))
    flags = [f"--data={data}", f"--weights={network}", "--protocol=tgan", "--num=6"]
    kinds = []
    for path in (tmp_path / "clips.npy", tmp_path / "videos", other_data):
        output = tmp_path / "score.json"
        _main("score", f"--clips={path}", *flags, f"--output={output}")
        found = json.loads(output.read_text())
        assert found["protocol"]["name"] == "tgan"
        assert list(found["measures"]) == ["inception_score"]
        kinds.append(found["fakes"]["kind"])
    assert kinds == ["array", "videos", "data set"]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--protocol=fid"], "--protocol should be one of thesis, tgan.* Received: fid"),
        (["--protocol=fvd"], "--weights should be of i3d for the protocol fvd"),
        (["--frames=last16"], "--frames should be one of first16.* Received: last16"),
        (["--num=0"], "--num should be at least 1. Received: 0"),
        (["--num=3"], "at least 4 clips"),
        (["--seed=-1"], "--seed should be at least 0. Received: -1"),
        (["--clips=x.npy", "--snapshot=5"], "--clips should be given without --model and --snap"),
        (["--clips=nowhere"], "--clips should be a file or a folder. Received: nowhere"),
        (["--data=nowhere"], "Cannot read nowhere: it is no data set .* with create_tfrecords"),
        (["--weights=nowhere.weights.h5"], "Weights should be .* Received: nowhere.weights.h5"),
        (["--output=/tmp"], "--output should end in .json. Received: /tmp"),
    ],
)
def test_wrong_flags_of_score(run, data, network, flags, sentence):
    given = [f"--run={run}", f"--data={data}", f"--weights={network}", "--num=4"]
    with pytest.raises(UserError, match=sentence):
        _main("score", *given, *flags)


def test_neighbours_are_drawn(run, data, network, tmp_path, capsys):
    flags = [f"--run={run}", f"--data={data}", f"--weights={network}", "--num=8"]
    _main("memorisation", *flags)
    out = capsys.readouterr().out
    assert "times that of a held-out clip (8 fakes, 15 training clips, 1 held out)" in out
    assert "a tenth of --data" in out
    assert json.loads((run / "memorisation-32.json").read_text())["fakes"]["nimg"] == 32
    picture = Image.open(run / "memorisation-32.png")
    assert picture.height == 4 * 64 + 3 * 2
    assert picture.width > 8 * 64 + 7 * 2  # The names of the rows are at the left.
    _main("memorisation", *flags, f"--output={tmp_path / 'm.gif'}")
    assert Image.open(tmp_path / "m.gif").n_frames == 8
    with pytest.raises(UserError, match="--output should end in .png, .mp4, .gif"):
        _main("memorisation", *flags, f"--output={tmp_path / 'm.txt'}")


def test_a_row_of_all_measures(run, data, other_data, network, tmp_path):
    flags = ["measure", f"--data={data}", f"--weights={network}", f"--held_out={other_data}"]
    (run / "history.jsonl").write_text(json.dumps(tick(32) | {"seconds": 7.5}) + "\n")
    output = tmp_path / "run.json"
    _main(*flags, f"--run={run}", "--num=4", "--curve=4", f"--output={output}")
    found = json.loads(output.read_text())
    (point,) = found["curve"]
    assert (point["kimg"], point["seconds"]) == (found["kimg"], 7.5) == (0.032, 7.5)
    for name in ("inception_score", "frechet_distance", "kernel_distance", "swd", "motion"):
        assert np.isfinite(found[name])
        assert name in point
    assert found["memorisation"] > 0
    assert np.load(tmp_path / "run.npy").shape == (8, 8, 16, 16, 3)
    clips = ["--num=4", f"--clips={other_data}", "--control=frozen"]
    _main(*flags, *clips, f"--output={output}")
    assert json.loads(output.read_text())["motion"] == 0
    (run / "history.jsonl").unlink()
    with pytest.raises(UserError, match="--held_out should be given"):
        _main(*flags[:-1], f"--run={run}", f"--output={output}")


def test_a_classifier_is_trained(data, tmp_path, capsys):
    output = tmp_path / "own.weights.h5"
    flags = [f"--data={data}", f"--output={output}", "--width=1", "--epochs=1"]
    _main("train_c3d", *flags, "--val_fraction=0.5")
    out = capsys.readouterr().out
    assert "held-out accuracy" in out
    assert "with shuffled frames" in out
    about = json.loads(_sidecar(output).read_text())
    assert about["training"]["data"]["folder"] == str(data)
    with pytest.raises(UserError, match="--output should not exist yet"):
        _main("train_c3d", *flags)
    with pytest.raises(UserError, match="--output should end in .weights.h5"):
        _main("train_c3d", *flags, f"--output={tmp_path / 'own.h5'}")
    with pytest.raises(UserError, match="--held_out should be other clips"):
        _main("train_c3d", *flags, f"--output={tmp_path / 'x.weights.h5'}", f"--held_out={data}")


def test_published_weights_are_converted(tmp_path, capsys):
    model, source = C3D(3, width=1), tmp_path / "published.h5"
    with h5py.File(source, "w") as file:
        for layer in model.layers:
            for variable in layer.weights:
                name = f"{layer.name}/{layer.name}_{'W' if variable.name == 'kernel' else 'b'}"
                file[name] = variable.numpy()
        for name in file:
            file[name].attrs["weight_names"] = [f"{name}_W".encode(), f"{name}_b".encode()]
        file.attrs["layer_names"] = [name.encode() for name in file]
    output = tmp_path / "c3d.weights.h5"
    _main("convert_weights", f"--source={source}", f"--output={output}", "--mean=104,117,123")
    found, about, mean = weights.load(output)
    for a, b in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(mean, [104, 117, 123])
    assert str(output) in capsys.readouterr().out


def test_scores_are_taken_while_a_run_trains_and_plotted(data, network, tmp_path, capsys):
    settings = [f"metrics.weights={network}", "metrics.every_kimg=0.03", "metrics.clips=4"]
    config = tiny_config(*settings, "train.total_kimg=0.064", "train.distance_ticks=0")
    clips = ClipPipeline(data, config.ladder, 0, False)
    trainer = trainer_for(config)
    run = tmp_path / "run"
    with RunFolder(run, config, clips.records.identity()) as folder:
        folder.restore_latest(trainer)
        train(trainer, clips, [Monitor(folder, config, clips)])
    lines = read_scores(run)
    assert [line["nimg"] for line in lines] == [32, 64]
    assert {"inception_score", "inception_score_reals", "frechet_distance_floor"} <= set(lines[0])
    with pytest.raises(UserError, match="at least 4 clips"):
        few = config.override(["metrics.clips=2"])
        Monitor(folder, few, clips)
    _main("plot", "--run", run)
    assert Image.open(run / "scores.png").size[0] > 100
    shutil.rmtree(run / "samples")
    (run / "scores.jsonl").unlink()
    with pytest.raises(UserError, match="Cannot plot .*: it has no scores"):
        _main("plot", "--run", run)
    (run / "scores.jsonl").write_text("{\n")
    with pytest.raises(UserError, match="Cannot read .*scores.jsonl, line 1: it is not JSON"):
        _main("plot", "--run", run)


def _sidecar(path):
    return path.with_name(path.name.removesuffix(".weights.h5") + ".json")


def test_frames_with_and_without_a_network(run, data, network, tmp_path, capsys):
    flags = ["frames", f"--run={run}", f"--data={data}", f"--output={tmp_path}/f.json"]
    few = ["--content_clips=8", "--curve_clips=4", "--num=4"]
    _main(*flags, *few)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines[:4]] == [
        *("fakes, 8 clips", "reals, 8 clips", "frozen, 8 clips", "shuffled, 8 clips")
    ]
    assert not (tmp_path / "f.png").exists()
    with pytest.raises(UserError, match="--content=network should be given with --weights"):
        _main(*flags, "--content=network")
    _main(*flags, *few, f"--weights={network}", "--content=network")
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["score"]["fakes"]["frame"] == "random"
    assert found["curve"]["frames"] == list(range(8))
    assert found["content"]["frozen"]["content_distance"] == pytest.approx(0, abs=1e-3)
    assert "over time, 4 clips: frame 1" in capsys.readouterr().out
    with Image.open(tmp_path / "f.png") as picture:
        assert picture.width > 1000
