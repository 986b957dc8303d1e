"""What a run takes over from a snapshot or from another run."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from config import demo, preset
from growth.ladder import make_ladder
from growth.phase import list_phases
from models.registry import model_class
from run_folder.folder import RunFolder
from sampling.snapshot import save_snapshot, snapshot_path
from support.errors import UserError
from tests.training.toys import tiny_config, trainer_for
from training.initial import choose_init, load_source, match_rungs, take_over

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}
LARGER = (
    "growth.ladder=4x4x4 8x8x8 8x16x16 16x32x32",
    "growth.resolution=32",
    "growth.num_frames=16",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run at the end of its training, 8x16x16 stable, with a checkpoint and a snapshot."""
    path = tmp_path_factory.mktemp("runs") / "before"
    trainer = trainer_for(tiny_config())
    Gs = trainer.model.networks["Gs"]
    Gs.set_weights([w + np.float32(0.25) for w in Gs.get_weights()])  # It differs from G.
    trainer._nimg.assign(200)
    with RunFolder(path, trainer.config, DATA) as folder:
        folder.save(trainer)
        save_snapshot(path, trainer.model.networks["Gs"], 200)
    return path


def weights(network):
    """{layer: its weights} for generator or critic."""
    layers = getattr(network, "encoder", network).layers
    return {layer.name: layer.get_weights() for layer in layers}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def start(path, *settings, size=None):
    config, source = choose_init(path, size, path.parent / "new", tiny_config(*settings))
    model = model_class(config)(config)
    return config, model, take_over(source, model, config), source


def test_rungs_are_matched_by_height():
    thesis, authors = make_ladder("thesis"), make_ladder("authors", resolution=128)
    assert match_rungs(authors, thesis) == [(i, i) for i in range(6)]
    twice = make_ladder("4x4x4 4x8x8 8x8x8 8x16x16")
    assert match_rungs(twice, make_ladder("thesis")) == [(0, 0), (1, 1), (3, 2)]
    assert match_rungs(make_ladder("8x8x8 8x16x16"), twice) == [(0, 1), (1, 3)]


def test_all_networks_of_a_run_on_another_ladder(run):
    config, model, transfer, source = start(run, *LARGER)
    assert config.schedule.first_size == 16
    first, *later = list_phases(config.schedule, config.ladder)
    assert (str(config.ladder[first.level]), first.fading, first.begin) == ("8x16x16", False, 0)
    assert [phase.fading for phase in later] == [True, False]
    assert transfer.fresh["G"] == transfer.fresh["Gs"] == ["block3", "to_rgb3"]
    assert transfer.fresh["D"] == ["from_rgb3", "block3"]
    assert "head" in transfer.taken["D"]
    for name, network in model.networks.items():
        before, now = weights(source.networks[name]), weights(network)
        for layer in transfer.taken[name]:
            assert layer == "head" or same(before[layer], now[layer]), layer
    assert not same(weights(model.networks["G"])["dense"], weights(model.networks["Gs"])["dense"])
    record = json.loads(json.dumps(transfer.record(source, config)))
    assert (record["source"], record["nimg"], record["size"]) == (str(run), 200, 16)


def test_a_further_step_in_time_alone(run):
    longer = "growth.ladder=4x4x4 4x8x8 8x16x16 16x16x16", "growth.num_frames=16"
    config, _, transfer, source = start(run, *longer)
    first, fade, stable = list_phases(config.schedule, config.ladder)
    assert (str(config.ladder[first.level]), first.fading) == ("8x16x16", False)
    assert str(config.ladder[fade.level]) == str(config.ladder[stable.level]) == "16x16x16"
    assert transfer.fresh == {
        "G": ["block3", "to_rgb3"],
        "D": ["from_rgb3", "block3"],
        "Gs": ["block3", "to_rgb3"],
    }
    record = transfer.record(source, config)
    assert (record["size"], record["frames"]) == (16, 8)


def test_a_model_alone_gives_the_generator_and_its_average(run):
    config, model, transfer, source = start(snapshot_path(run, 200), size=8)
    assert config.schedule.first_size == 8
    assert transfer.taken["D"] == []
    assert transfer.fresh["G"] == []
    for name in ("G", "Gs"):
        assert same(model.networks[name].get_weights(), source.networks["Gs"].get_weights())
    assert "D: " not in str(transfer).partition("Fresh")[0]


def test_a_critic_with_another_head_keeps_its_encoder(run):
    _, _, transfer, _ = start(run, "loss=wgan_gp")
    assert transfer.fresh["D"] == ["head"]


def test_a_rung_that_was_fading_in_is_not_begun_at(run):
    source = load_source(run)
    phase = dataclasses.replace(source.phase, fading=True, end=source.phase.begin + 400)
    assert list(source.levels) == [0, 1, 2]
    assert list(dataclasses.replace(source, phase=phase).levels) == [0, 1]


def test_a_resumed_run_does_not_need_its_source(run, tmp_path):
    gone, path, given = tmp_path / "gone", tmp_path / "new", tiny_config()
    shutil.copytree(run, gone)
    config, source = choose_init(gone, 8, path, given)
    trainer = trainer_for(config)
    init = take_over(source, trainer.model, config).record(source, config)
    with RunFolder(path, config, DATA, init=init) as folder:
        again, source = choose_init(gone, None, path, given)  # Killed before its first checkpoint.
        assert again == config
        assert source is not None
        folder.restore_latest(trainer)
    shutil.rmtree(gone)
    assert choose_init(gone, None, path, given) == (config, None)
    assert choose_init(None, None, path, given) == (config, None)
    with RunFolder(path, config, DATA):
        pass
    for flags, sentence in (
        ((run, None), "--init=.*gone, but .*before was given"),
        ((None, 16), "--init_size=8, but 16 was given"),
    ):
        with pytest.raises(UserError, match=sentence):
            choose_init(*flags, path, given)
    assert choose_init(None, None, run, given) == (given, None)
    with pytest.raises(UserError, match="created with --init=none, but .*gone was given"):
        choose_init(gone, None, run, given)


@pytest.mark.parametrize(
    ("settings", "size", "sentence"),
    [
        ((), 32, "at 32: it was trained at 4x4x4, 4x8x8, 8x16x16, and the ladder is"),
        (LARGER, 32, "at 32: it was trained at"),
        ((*LARGER, "schedule.growing=false"), None, "at 32: it was trained at"),
        (("growth.feature_maps_max=8",), None, "dense, .* Use --set growth.feature_maps_max=4"),
        (("network.latent_size=16",), None, "its generator has no dense of .*latent_size=8"),
        (("growth.ladder=8x4x4 8x8x8 8x16x16",), None, "no dense of the shapes .* Its ladder is"),
    ],
)
def test_what_does_not_fit_is_refused(run, settings, size, sentence):
    with pytest.raises(UserError, match=sentence):
        start(run, *settings, size=size)


def test_mistakes(run, tmp_path):
    with pytest.raises(UserError, match="--init_size should be given with --init"):
        choose_init(None, 8, tmp_path, demo())
    with pytest.raises(UserError, match="no such file"):
        choose_init(tmp_path / "no.weights.h5", None, tmp_path, demo())
    with pytest.raises(UserError, match="folder of a run"):
        choose_init(tmp_path, None, tmp_path / "new", demo())
    with pytest.raises(UserError, match="`schedule.first_size` should be a height of the ladder"):
        preset("demo").override(["schedule.first_size=64"])
