"""Training that predicts: every setting reaches its variables, on one replica or on several."""

import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from growth.phase import phase_at
from losses import LOSSES
from losses.loss import Seen
from losses.reconstruction import terms_of
from models.progressive import Progressive
from models.views import Clip, Frames, Half
from support.errors import UserError
from tests.training.toys import Reals, all_weights, tiny_config, trainer_for
from training.dry_run import describe
from training.loop import train
from training.noise import Noise

SETTINGS = ["growth.ladder=4x4x4", "growth.resolution=4", "growth.num_frames=4"]
RANDOM = np.random.default_rng(0)


def configure(*settings):
    return tiny_config(*SETTINGS, "prediction.past=2", *settings)


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        (("prediction.gdl=0.5", "loss=wgan_gp"), 8),
        (("prediction.encoder=frames", "prediction.l1=0"), 8),
        (("model=dual", "prediction.l2=1"), 8),
        (("growth.ladder=3x4x4 6x8x8", "growth.resolution=8", "growth.num_frames=6"), 44),
    ],
)
def test_every_variable_is_trained(eager, settings, until):
    trainer = trainer_for(configure(*settings))
    networks = trainer.model.networks.values()
    before = [network.get_weights() for network in networks]
    train(trainer, Reals(trainer.config.ladder), until=until)
    assert trainer.skipped == 0
    for network, weights in zip(networks, before, strict=True):
        for a, b in zip(network.get_weights(), weights, strict=True):
            assert (a != b).any()


def test_without_a_critic_the_reconstruction_falls():
    trainer = trainer_for(configure("prediction.critic=false", "schedule.generator_rate=0.01"))
    assert list(trainer.model.networks) == ["G", "Gs"]
    phase = phase_at(0, trainer.config.schedule, trainer.config.ladder)
    trainer.enter(phase)
    reals = _Still(trainer.config.ladder)
    first, last = (trainer.train(reals, phase, steps)[0]["l1"] for steps in (1, 60))
    assert last < first / 2


class _Still(Reals):
    """Clips that stay as their first frame is."""

    def clip(self, shape, position):
        return tf.repeat(super().clip(shape, position)[:1], shape[0], 0)


def test_a_resumed_run_is_the_one_that_was_not_interrupted(eager, tmp_path):
    whole, first, second = (trainer_for(configure()) for _ in range(3))
    reals = Reals(whole.config.ladder)
    train(whole, reals, until=16)
    train(first, reals, until=8)
    first.write(str(tmp_path / "state"))
    second.restore(str(tmp_path / "state"))
    train(second, reals, until=16)
    for a, b in zip(all_weights(whole), all_weights(second), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_dry_run_states_what_is_given():
    text = describe(configure("prediction.critic=false"))
    assert "Prediction: past=2, encoder=motion, from_last=True, mask=False, critic=False" in text
    assert "Loss: " not in text
    assert "  Past  " in text
    assert "Loss: kind=swgan" in describe(configure())


def test_replicas_make_no_difference():
    trainers = [trainer_for(configure("train.steps_per_call=1"), n) for n in (1, 2)]
    for trainer in trainers:
        train(trainer, Reals(trainer.config.ladder), until=4)
    for a, b in zip(*map(all_weights, trainers), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


class _Linear:
    """A critic whose score is a weighted sum of all values of the past and of the clip."""

    def __init__(self, weights):
        self.weights, self.seen = weights, []

    def encode(self, batch):
        self.seen.append(batch)
        return Seen(tf.reduce_sum(batch.whole() * self.weights, [2, 3, 4]), batch.labels)

    def score(self, seen):
        return tf.reduce_sum(seen.values, -1)


def batches(past, future):
    """Reals and fakes of three clips with the same past."""
    given = tf.constant(RANDOM.uniform(-1, 1, [3, past, 2, 2, 3]), tf.float32)
    for _ in range(2):
        clips = tf.constant(RANDOM.uniform(-1, 1, [3, future, 2, 2, 3]), tf.float32)
        yield Batch(clips, tf.zeros(3, tf.int32), given)


def noise():
    return Noise(0, tf.constant(0, tf.int64), 0, 3, 0, 3)


@pytest.mark.parametrize("name", LOSSES)
def test_all_losses_see_one_past_in_reals_fakes_and_between(name):
    reals, fakes = batches(2, 2)
    critic = _Linear(tf.constant(RANDOM.standard_normal([4, 2, 2, 3]), tf.float32))
    loss = LOSSES[name]()
    for terms in (
        loss.discriminator_loss(critic, reals, fakes, noise()),
        loss.generator_loss(critic, reals, fakes),
    ):
        assert all(np.isfinite(value).all() for value in terms.minimised.values())
    for batch in critic.seen:
        assert batch.whole().shape[1] == 4
        for begin in range(0, len(batch.labels), 3):
            np.testing.assert_array_equal(batch.past[begin:][:3], reals.past)


def test_the_gradient_penalty_is_of_the_future_alone():
    reals, fakes = batches(2, 2)
    weights = np.zeros([4, 2, 2, 3], np.float32)
    weights[:2], weights[2:] = 100, 3 / np.sqrt(24)  # A gradient of norm 3 by the future.
    loss = LOSSES["wgan_gp"]()
    terms = loss.discriminator_loss(_Linear(tf.constant(weights)), reals, fakes, noise())
    np.testing.assert_allclose(terms.minimised["gradient_penalty"], 10 * (3 - 1) ** 2, rtol=1e-4)


def test_critics_of_clips_see_the_past_and_those_of_frames_do_not():
    config = tiny_config("prediction.past=4")
    lod = phase_at(0, config.schedule, config.ladder).detail
    shape = config.ladder[lod.level].shape
    reals = Reals(config.ladder).clip((2, *shape, 3), tf.constant(0, tf.int64))
    batch = Batch(reals, tf.zeros(2, tf.int32)).shown(config.ladder, lod, 4)
    draws = Noise(0, tf.constant(0, tf.int64), 0, 2, 0, 2)
    for view, frames in ((Clip(config), 4), (Half(config), 4), (Frames(config, 8), 2)):
        assert view(batch, lod, draws).whole().shape[1] == frames


def test_terms_are_those_of_the_settings():
    for settings, names in (
        ([], ("generator", "l1")),
        (["prediction.l1=0", "prediction.gdl=1"], ("generator", "gdl")),
        (["prediction.critic=false", "prediction.l2=1"], ("l1", "l2")),
    ):
        config = configure(*settings)
        assert Progressive(config).steps()[-1].term_names == names
    assert terms_of(tiny_config().prediction.weights) == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["prediction.past=4"], "should be fewer than the 4 frames of the full clip. Received: 4"),
        (["prediction.past=-1"], "`prediction.past` should be at least 0. Received: -1"),
        (["prediction.critic=false", "prediction.l1=0"], "where no reconstruction is minimised"),
        (["model=vgan", "schedule.growing=false"], "`prediction.past` should be 0 for the model"),
        (
            ["growth.ladder=4x4x4 8x8x8", "growth.resolution=8", "growth.num_frames=8"]
            + ["prediction.past=1", "prediction.critic=false"],
            "given no past. Received: false, with 1 frames of 8 and the first rung 4x4x4",
        ),
    ],
)
def test_settings_that_do_not_go_together(settings, message):
    with pytest.raises(UserError, match=message):
        configure(*settings)
