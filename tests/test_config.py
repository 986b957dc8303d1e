import dataclasses
import json

import pytest

from config import PRESETS, from_dict, list_settings, preset
from growth.phase import list_phases
from losses.swgan import SWGAN
from losses.wgan_gp import WGANGP
from support.errors import UserError
from tests.models.toys import ToySettings, register_toy

FULL_CLIPS = {
    "faces": "32x256x256",
    "ucf101": "32x128x128",
    "golf": "32x128x128",
    "aeroplane": "32x128x128",
    "actions": "16x64x64",
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete(name):
    config = preset(name)
    assert config.name == name
    assert len(list_phases(config.schedule, config.ladder)) == 2 * len(config.ladder) - 1
    assert config.train.total_kimg * 1000 > list_phases(config.schedule, config.ladder)[-1].begin


@pytest.mark.parametrize(("name", "clip"), FULL_CLIPS.items())
def test_presets_end_at_the_full_clip(name, clip):
    ladder = preset(name).ladder
    assert str(ladder[ladder.top]) == clip
    assert str(ladder[0]) == "4x4x4"


PUBLISHED = {
    "vgan_golf": "32x64x64",
    "tgan_ucf101": "16x64x64",
    "mocogan_actions": "16x64x64",
    "ivgan_golf": "32x64x64",
}


@pytest.mark.parametrize(("name", "clip"), PUBLISHED.items())
def test_published_presets_have_one_rung(name, clip):
    config = preset(name)
    assert str(config.ladder) == clip
    assert config.model.maps == 64
    assert not config.train.mirror
    small = preset(f"{name.partition('_')[0]}_demo")
    assert str(small.ladder) == "16x32x32"
    noise = {"noise": 0.1} if name == "mocogan_actions" else {}
    assert small.model == dataclasses.replace(config.model, maps=8, **noise)
    assert small.schedule.generator_rate == config.schedule.generator_rate


@pytest.mark.parametrize(
    ("name", "rate", "betas", "minibatch", "kimg"),
    [
        ("vgan_golf", 2e-4, (0.5, 0.999), 64, 65 * 64),
        ("tgan_ucf101", 5e-5, None, 32, 3200),
        ("mocogan_actions", 2e-4, (0.5, 0.999), 32, 3200),
        ("ivgan_golf", 2e-4, (0.5, 0.999), 64, 5 * 65 * 64),
    ],
)
def test_published_presets_have_the_published_optimizers(name, rate, betas, minibatch, kimg):
    config = preset(name)
    (phase,) = list_phases(config.schedule, config.ladder)
    assert (phase.generator_rate, phase.critic_rate, phase.minibatch) == (rate, rate, minibatch)
    assert config.train.total_kimg == kimg
    if betas:  # TGAN has RMSprop.
        assert (config.train.beta_1, config.train.beta_2) == betas


def test_faces_has_the_released_values():
    config = preset("faces")
    assert config.train.total_kimg == 12000
    assert config.schedule.lod_training_kimg == config.schedule.lod_transition_kimg == {4: 600}
    assert (config.train.beta_1, config.train.beta_2, config.train.epsilon) == (0, 0.99, 1e-8)
    assert (config.train.running_average, config.train.steps_per_call) == (0.999, 4)
    assert [rung.feature_maps for rung in config.ladder] == [128, 128, 128, 64, 32, 16, 8]
    assert config.network.latent_size == 128


def test_an_unknown_preset():
    with pytest.raises(UserError, match="`config` should be one of faces, .*demo.* Received: face"):
        preset("face")


def test_a_config_is_a_value():
    assert preset("faces") == preset("faces")
    assert preset("golf") != preset("aeroplane")
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset("faces").name = "mine"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("train.seed=7", 7),
        ("train.total_kimg=12", 12.0),
        ("train.total_kimg=1.5e3", 1500.0),
        ("train.mirror=false", False),
        ("train.mirror=True", True),
        ("schedule.growing=False", False),
        ("growth.ladder=authors", "authors"),
        ("growth.ladder=4x4x4 8x8x8 8x16x16 8x32x32 16x64x64 32x128x128 32x256x256", ...),
        ("schedule.minibatch={4: 16, 64: 4}", {4: 16, 64: 4}),
        ("schedule.minibatch=8", {4: 8}),
        ("schedule.critic_rate={4: 1}", {4: 1.0}),
        ("loss.gradient_weight=3", 3.0),
    ],
)
def test_override(setting, value):
    key, _, text = setting.partition("=")
    config = preset("faces").override([setting])
    section, name = key.split(".")
    received = getattr(getattr(config, section), name)
    expected = text if value is ... else value
    assert received == expected
    assert type(received) is type(expected)


def test_override_returns_a_copy():
    faces = preset("faces")
    assert faces.override([]) == faces
    assert faces.override(["train.seed=1"]) != faces == preset("faces")


def test_entries_of_tables_are_set_one_by_one():
    table = preset("faces").schedule.minibatch
    config = preset("faces").override(["schedule.minibatch.64=4", "schedule.minibatch.512=2"])
    assert config.schedule.minibatch == table | {64: 4, 512: 2}
    assert preset("faces").schedule.minibatch == table


def test_settings_are_taken_in_order():
    settings = ["schedule.minibatch=8", "schedule.minibatch.64=4", "train.seed=1", "train.seed=2"]
    config = preset("faces").override(settings)
    assert (config.schedule.minibatch, config.train.seed) == ({4: 8, 64: 4}, 2)


def test_sizes_are_validated_together():
    config = preset("faces").override(["growth.resolution=64", "growth.num_frames=16"])
    assert str(config.ladder) == "4x4x4 8x8x8 8x16x16 8x32x32 16x64x64"
    with pytest.raises(UserError, match="`num_frames` should be at most 16 at 64x64"):
        preset("faces").override(["growth.resolution=64"])


def test_a_loss_is_chosen_by_name():
    faces = preset("faces")
    assert faces.override(["loss=wgan_gp"]).loss == WGANGP()
    assert faces.override(["loss=swgan_literal"]).loss == SWGAN.literal()
    assert faces.override(["loss=swgan_released"]).loss == SWGAN.released()
    config = faces.override(["loss=wgan_gp", "loss.drift_weight=0"])
    assert config.loss == WGANGP(drift_weight=0.0)
    assert config.override(["loss=swgan"]) == faces.override(["loss=swgan"])
    with pytest.raises(UserError, match="`loss` should be one of swgan.*Received: hinge"):
        faces.override(["loss=hinge"])


@pytest.mark.parametrize(
    ("setting", "nearest"),
    [
        ("train.sed=1", "train.seed"),
        ("total_kimg=1", "train.total_kimg"),
        ("schedule.minibatches.64=4", "schedule.minibatch"),
        ("schedule.lod_train_kimg=4", "schedule.lod_training_kimg"),
        ("losses=wgan_gp", "loss"),
        ("loss.kind=wgan_gp", "loss"),
        ("loss.drift_weight=0", "loss.gradient_weight"),
        ("growth=thesis", "growth"),
    ],
)
def test_unknown_keys_list_the_nearest(setting, nearest):
    with pytest.raises(UserError) as error:
        preset("faces").override([setting])
    assert nearest in str(error.value).partition("Nearest: ")[2]
    assert str(error.value).startswith(f"There is no setting `{setting.partition('=')[0]}`. ")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.seed", "A setting should be section.key=value. Received: 'train.seed'"),
        ("zzz=1", "There is no setting `zzz`. Nearest: none."),
        ("train.seed=1.5", "`train.seed` should be int. Received: 1.5"),
        ("train.seed=one", "`train.seed` should be int. Received: 'one'"),
        ("train.seed=", "`train.seed` should be int. Received: ''"),
        ("train.seed=true", "`train.seed` should be int. Received: True"),
        ("train.seed=-1", "`train.seed` should be 0 to 4294967295"),
        ("train.mirror=1", "`train.mirror` should be bool. Received: 1"),
        ("train.total_kimg=long", "`train.total_kimg` should be float. Received: 'long'"),
        ("train.total_kimg=1e999", "`train.total_kimg` should be float. Received: inf"),
        (
            "train.total_kimg=0",
            "`train.total_kimg` should be above 0 and at most 1e.09. Received: 0.0",
        ),
        ("train.running_average=1", "`train.running_average` should be at least 0 and below 1"),
        ("network.stddev_group=0", "`network.stddev_group` should be positive"),
        ("growth.feature_maps_max=0", "`growth.feature_maps_max` should be positive"),
        ("schedule.minibatch.64=few", "`schedule.minibatch.64` should be int. Received: 'few'"),
        ("schedule.minibatch.big=4", "`schedule.minibatch` should be keyed by sizes.*'big'"),
        ("schedule.minibatch={4.5: 4}", "`schedule.minibatch` should be keyed by sizes.*4.5"),
        ("schedule.minibatch={}", "`schedule.minibatch` should hold at least one value"),
        ("schedule.minibatch=many", "`schedule.minibatch.4` should be int. Received: 'many'"),
        ("schedule.lod_training_kimg=0.06", "at least two minibatches of 32 at 4x4x4"),
        ("growth.ladder=4", "`ladder` should be one of"),
    ],
)
def test_mistakes(setting, message):
    with pytest.raises(UserError, match=message):
        preset("faces").override([setting])


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("loss", ["swgan", "wgan_gp"])
def test_json_and_back(name, loss):
    config = preset(name).override(["schedule.minibatch.16=12"])
    if config.model.kind == "progressive":  # Other models do not take all of them.
        config = config.override([f"loss={loss}"])
    assert from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_a_model_is_chosen_by_name(monkeypatch):
    register_toy(monkeypatch)
    config = preset("demo").override(["model=toy", "model.clip=0.5"])
    assert config.model == ToySettings(clip=0.5)
    assert config.latent_size == config.network.latent_size
    assert from_dict(json.loads(json.dumps(config.as_dict()))) == config
    assert {"model.clip", "train.seed"} <= (known := {info.key for info in list_settings(config)})
    assert not {"loss.gradient_weight", "growth.feature_maps_max"} & known
    with pytest.raises(UserError, match="`model.clip` should be positive. Received: 0.0"):
        config.override(["model.clip=0"])
    for setting in ("loss=wgan_gp", "loss.gradient_weight=1", "growth.feature_maps_max=4"):
        with pytest.raises(UserError, match="^The model toy does not use `(loss|growth)"):
            config.override([setting])
    with pytest.raises(UserError, match="no setting `model.clip`"):
        preset("demo").override(["model.clip=0.5"])
    with pytest.raises(UserError, match="`model` should be one of progressive.* Received: other"):
        preset("demo").override(["model=other"])


def test_a_model_as_configs_stored_it_before():
    tree = preset("demo").as_dict() | {"model": "progressive"}
    assert from_dict(tree) == preset("demo")
    with pytest.raises(UserError, match="`model` should be one of progressive.*other"):
        from_dict(tree | {"model": "other"})


def test_json_of_another_version():
    tree = preset("demo").as_dict()
    with pytest.raises(UserError, match="known settings. Received: train.speed"):
        from_dict(tree | {"train": tree["train"] | {"speed": 1}})
    with pytest.raises(UserError, match="known settings. Received: extra"):
        from_dict(tree | {"extra": {}})
    with pytest.raises(UserError, match="`loss` should be one of swgan, wgan_gp"):
        from_dict(tree | {"loss": {"kind": "hinge"}})
    del tree["train"]["seed"]
    assert from_dict(tree) == preset("demo")  # What is missing has its default.
    tree["schedule"] |= {"lod_training_kimg": 3, "lod_transition_kimg": 2.0}
    schedule = from_dict(tree).schedule  # One length for all rungs, as a number.
    assert (schedule.lod_training_kimg, schedule.lod_transition_kimg) == ({4: 3}, {4: 2})


def test_kinds_of_loss_and_model_are_listed_with_their_choices():
    listed = {info.key: info for info in list_settings(PRESETS["demo"]())}
    assert (listed["loss"].value, listed["model"].value) == ("swgan", "progressive")
    assert "wgan_gp" in listed["loss"].bounds.choices
    assert "vgan" in listed["model"].bounds.choices


@pytest.mark.parametrize(
    "assignment",
    [
        "schedule.lod_training_kimg=1e306",
        "train.total_kimg=1e306",
        "train.tick_kimg=0.0001",
        "metrics.every_kimg=-5",
        "loss.gradient_weight=-1",
    ],
)
def test_numbers_that_cannot_be_used(assignment):
    with pytest.raises(UserError, match=assignment.partition("=")[0]):
        preset("demo").override([assignment])
