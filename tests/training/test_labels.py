"""Training with labels: every form reaches all of its variables; labels come from the data."""

import numpy as np
import pytest
import tensorflow as tf

from commands.train import classes_of_data
from config import from_dict
from dataset.batch import Batch
from growth.phase import Lod
from support.errors import UserError
from tests.training.toys import Reals, all_weights, tiny_config, trainer_for
from training import pictures
from training.keeper import snapshot_of
from training.loop import train

SETTINGS = ["growth.ladder=4x4x4", "growth.resolution=4", "growth.num_frames=4"]
CLASSES = ("left", "right")


class Labelled(Reals):
    """Reals whose labels are those of `pattern`, again and again."""

    pattern = (0, 1, -1, 1)

    def dataset(self, level, nimg, minibatch, *arguments, **more):
        batches = super().dataset(level, nimg, minibatch, *arguments, **more)
        count = minibatch // (arguments[0] if arguments else more.get("replicas", 1))
        labels = tf.constant((self.pattern * count)[:count])
        return batches.map(lambda batch: Batch(batch.clips, labels))


def configure(form, *settings):
    names = f"network.classes={CLASSES!r}"
    return tiny_config(*SETTINGS, f"network.labels={form}", names, *settings)


@pytest.mark.parametrize(
    ("form", "loss"),
    [
        ("projection", "wgan_gp"),
        ("slices", "swgan"),
        ("concat", "swgan"),
        ("adc", "swgan"),
        ("head", "swgan"),
    ],
)
def test_every_form_trains_all_of_its_variables(form, loss):
    trainer = trainer_for(configure(form, f"loss={loss}"))
    before = all_weights(trainer)
    train(trainer, Labelled(trainer.config.ladder), until=16)
    assert trainer.skipped == 0
    for a, b in zip(before, all_weights(trainer), strict=True):
        assert (a != b).any()


def test_biases_of_classes_are_trained_with_their_rung():
    rungs = ["growth.ladder=4x4x4 4x8x8", "growth.resolution=8", "schedule.first_size=8"]
    trainer = trainer_for(configure("concat", "network.class_bias=true", *rungs))
    G = trainer.model.networks["G"]
    train(trainer, Labelled(trainer.config.ladder), until=16)
    (bias,) = (layer.bias.numpy() for layer in G.class_bias)
    assert bias.shape == (3, trainer.config.ladder[1].feature_maps)
    assert (bias != 0).all(1).any()
    assert not set(G.class_bias) & set(G.live_layers(Lod(0)))


def test_forms_in_the_head_are_for_losses_that_use_it():
    with pytest.raises(UserError, match="should not be projection .*Received: loss feature_match"):
        configure("projection", "loss=feature_matching")
    configure("concat", "loss=feature_matching")


def test_pictures_have_a_row_per_class(tmp_path, monkeypatch):
    shown = {}
    monkeypatch.setattr(pictures, "tile_groups", lambda clips, names, **_: (len(clips), names))
    monkeypatch.setattr(pictures, "write_clip", lambda path, grid, *_: shown.update({"f": grid}))
    monkeypatch.setattr(pictures, "write_clip_summary", lambda name, grid, _: shown.update(t=grid))
    monkeypatch.setattr(pictures, "_SIDE", 8)  # pixels, of four clips.
    trainer = trainer_for(configure("projection"))
    grids = pictures.Pictures(tmp_path, trainer.config, Labelled(trainer.config.ladder))
    (tmp_path / "reals-4x4x4.png").touch()  # They are shown once, and are there.
    grids.write(snapshot_of(trainer), to_tensorboard=True)
    assert shown["f"] == (16, ["left"] * 8 + ["right"] * 8)
    assert shown["t"] == (4, ["left"] * 2 + ["right"] * 2)


def test_replicas_make_no_difference():
    trainers = [trainer_for(configure("projection", "train.steps_per_call=1"), n) for n in (1, 2)]
    for trainer in trainers:
        reals = Labelled(trainer.config.ladder)
        reals.pattern = (0, 1)  # The same for a replica of two clips and for one of four.
        train(trainer, reals, until=4)
    for a, b in zip(*map(all_weights, trainers), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_classes_are_those_of_the_data():
    config = tiny_config("network.labels=projection")
    named = classes_of_data(config, [*CLASSES, "up"], "data")
    assert named.network.classes == (*CLASSES, "up")
    assert classes_of_data(configure("concat"), [*CLASSES, "up"], "data") == configure("concat")
    assert classes_of_data(tiny_config(), CLASSES, "data") == tiny_config()
    with pytest.raises(UserError, match="should be none for data, whose clips have no labels"):
        classes_of_data(config, [], "data")


def test_classes_are_stored_with_the_config():
    config = configure("concat")
    tree = config.as_dict() | {}
    tree["network"]["classes"] = list(CLASSES)  # As JSON has it.
    assert from_dict(tree) == config
