"""Training is tested by training."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import config
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pipeline import ClipPipeline
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from growth.phase import list_phases, phase_at
from growth.resample import fade_clips
from networks.heads import Orthogonal
from support.errors import UserError
from tests.training.toys import Reals, all_weights, tiny_config, trainer_for
from training.loop import Watcher, train
from training.step import clips_per_replica


class Last(Watcher):
    """Keeps the terms of the last call."""

    def after(self, trainer, call):
        self.terms = {name: float(value) for name, value in call.terms.items()}


def _train(trainer, until, reals=None):
    """Trains on, and returns the terms of the last call."""
    last = Last()
    train(trainer, reals or Reals(trainer.config.ladder), [last], until=until)
    return last.terms


def test_a_step_at_each_rung_and_fade_of_demo():
    short = ["schedule.minibatch=4", "schedule.lod_training_kimg=0.008"]
    c = config.demo().override([*short, "schedule.lod_transition_kimg=0.008"])
    c = c.override(["growth.feature_maps_max=4"])
    trainer = trainer_for(c)
    for phase in list_phases(c.schedule, c.ladder):
        before = [v.numpy() for v in trainer.model.networks["G"].to_rgb[phase.level].variables]
        terms = _train(trainer, phase.begin + 8)
        assert all(math.isfinite(value) for value in terms.values())
        after = [v.numpy() for v in trainer.model.networks["G"].to_rgb[phase.level].variables]
        assert all((a != b).any() for a, b in zip(before, after, strict=True))
    assert trainer.nimg == 7 * 8


def test_dead_rungs_are_left_alone():
    trainer = trainer_for(tiny_config())
    dead = (
        trainer.model.networks["G"].blocks[1].variables
        + trainer.model.networks["D"].encoder.blocks[1].variables
    )
    before = [v.numpy() for v in dead]
    _train(trainer, until=96)  # Through the fade of the second of three rungs.
    assert all((v.numpy() == b).all() for v, b in zip(dead, before, strict=True))


def test_optimizers_start_afresh_at_both_ends_of_a_fade():
    trainer, c = trainer_for(tiny_config()), tiny_config()
    for index, begin in enumerate((0, 32, 64)):
        _train(trainer, until=begin + 4)
        assert trainer.optimizers["G"].iterations.numpy() == 1, index
        trainer.enter(phase_at(begin + 16, c.schedule, c.ladder))  # No new phase, no reset.
        assert trainer.optimizers["D"].iterations.numpy() == 1, index
        _train(trainer, until=begin + 32)
        assert trainer.optimizers["G"].iterations.numpy() == 8, index


def test_rates_fall_before_the_end():
    settings = ("schedule.decay_kimg=0.032", "train.total_kimg=0.16", "train.steps_per_call=1")
    trainer = trainer_for(tiny_config(*settings))
    rates = {}
    for until in (4, 132, 148, 160):  # The last step begins 4 clips before.
        _train(trainer, until)
        rates[until] = [float(o.learning_rate.numpy()) for o in trainer.optimizers.values()]
    for until, share in ((132, 1), (148, 0.1 + 0.9 * 16 / 32), (160, 0.1 + 0.9 * 4 / 32)):
        assert rates[until] == pytest.approx([share * rate for rate in rates[4]], rel=1e-5)


def test_running_average_follows_the_generator():
    trainer = trainer_for(tiny_config("train.running_average=0.75", "train.steps_per_call=1"))
    G, Gs = trainer.model.networks["G"].dense.kernel, trainer.model.networks["Gs"].dense.kernel
    np.testing.assert_array_equal(G.numpy(), Gs.numpy())
    _train(trainer, until=4)  # The average is taken before the generator's update.
    first, average = G.numpy(), Gs.numpy()
    _train(trainer, until=8)
    np.testing.assert_allclose(Gs.numpy(), 0.75 * average + 0.25 * first, atol=1e-6)


def test_theta_is_orthogonal_after_training():
    trainer = trainer_for(tiny_config("network.latent_size=128"))
    _train(trainer, until=64)
    theta = trainer.model.networks["D"].head.theta.value
    np.testing.assert_allclose(theta.numpy().T @ theta.numpy(), np.eye(128), atol=1e-5)
    np.testing.assert_allclose(Orthogonal()(theta), theta, atol=1e-6)


FALLING = "schedule.decay_kimg=0.2"  # Rates fall from the first step on.


@pytest.fixture(scope="module")
def uninterrupted():
    trainer = trainer_for(tiny_config(FALLING))
    _train(trainer, until=80)
    return all_weights(trainer)


# Within the first fade, and at the change to the second rung's stable phase.
@pytest.mark.parametrize("cut", [48, 64])
def test_resumed_equals_uninterrupted(tmp_path, uninterrupted, cut):
    first = trainer_for(tiny_config(FALLING))
    _train(first, until=cut)
    first.write(str(tmp_path / "checkpoint"))
    second = trainer_for(
        tiny_config(FALLING, "train.seed=1")
    )  # Other weights, all to be overwritten.
    second.restore(str(tmp_path / "checkpoint"))
    second.config = tiny_config(FALLING)
    assert second.nimg == cut
    _train(second, until=80)
    for one, other in zip(uninterrupted, all_weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_resumed_equals_uninterrupted_on_a_data_set(tmp_path):
    c = tiny_config()
    frames, size = c.ladder[-1].frames, c.ladder[-1].height
    options = ReaderOptions(num_clips=24, num_frames=frames, resolution=size)
    shapes = list_sources(Path(), "synthetic", options)
    create_dataset(tmp_path / "data", shapes, c.ladder, ClipRules(frames), about={})

    def train_on(trainer, until):
        _train(trainer, until, ClipPipeline(tmp_path / "data", c.ladder, 0, mirror=True))
        return trainer

    whole = train_on(trainer_for(c), 64)  # Into the third epoch.
    train_on(trainer_for(c), 48).write(str(tmp_path / "checkpoint"))
    resumed = trainer_for(c)
    resumed.restore(str(tmp_path / "checkpoint"))
    train_on(resumed, 64)
    for one, other in zip(all_weights(whole), all_weights(resumed), strict=True):
        np.testing.assert_array_equal(one, other)


# SGD would hide no factor; with this epsilon Adam is SGD with momentum's rate.
SGD = ["train.epsilon=1000.0", "schedule.generator_rate=100.0", "schedule.critic_rate=100.0"]


@pytest.fixture(scope="module")
def as_sgd():
    return tiny_config(*SGD, "schedule.minibatch=8", "train.steps_per_call=1")


@pytest.fixture(scope="module")
def one_replica(as_sgd):
    trainer = trainer_for(as_sgd)
    return _train(trainer, until=48), all_weights(trainer)


def _check_equal(terms, trainer, one_replica):
    assert {"critic", "generator", "D_gradient_norm", "G_gradient_norm"} <= terms.keys()
    for term in terms:
        assert terms[term] == pytest.approx(one_replica[0][term], rel=1e-4, abs=1e-6)
    for found, expected in zip(all_weights(trainer), one_replica[1], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_replicas_equal_one(as_sgd, one_replica):
    trainer = trainer_for(as_sgd, replicas=2)
    _check_equal(_train(trainer, until=48), trainer, one_replica)


def test_a_checkpoint_of_two_replicas_resumes_on_one(tmp_path, as_sgd, one_replica):
    two = trainer_for(as_sgd, replicas=2)
    _train(two, until=40)  # Within a fade.
    two.write(str(tmp_path / "checkpoint"))
    other = trainer_for(as_sgd)
    other.restore(str(tmp_path / "checkpoint"))
    _check_equal(_train(other, until=48), other, one_replica)


def test_one_trace_a_phase():
    trainer = trainer_for(tiny_config())
    _train(trainer, until=4)
    step = trainer._step
    _train(trainer, until=32)
    assert trainer._step is step
    assert step.__call__.experimental_get_tracing_count() == 1


def test_steps_per_call_changes_nothing():
    """The fade and the rates move with every step, however many are taken in one call."""
    settings = ("schedule.decay_kimg=0.2", "train.total_kimg=0.2")
    runs = [trainer_for(tiny_config(f"train.steps_per_call={n}", *settings)) for n in (1, 4)]
    for run in runs:
        _train(run, until=48)
    for one, other in zip(*map(all_weights, runs), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_reals_fade_by_the_ladders_factors():
    ladder = tiny_config().ladder  # 4x4x4 to 4x8x8: space alone.
    clips = tf.random.stateless_uniform([2, 4, 8, 8, 3], [0, 1])
    half = fade_clips(clips, ladder.factors(1), 0.5).numpy()
    means = clips.numpy().reshape(2, 4, 4, 2, 4, 2, 3).mean((3, 5))  # Frames are not mixed.
    coarse = means.repeat(2, 2).repeat(2, 3)
    np.testing.assert_allclose(half, (clips.numpy() + coarse) / 2, atol=1e-6)


def test_a_minibatch_that_does_not_divide_is_refused():
    c = tiny_config("network.stddev_group=4")
    assert clips_per_replica(c, replicas=2, minibatch=8) == 4
    assert clips_per_replica(c, replicas=1, minibatch=2) == 2  # A group of two.
    with pytest.raises(UserError, match="multiple of 2 replicas x 1 parts .* x groups of 4"):
        clips_per_replica(c, replicas=2, minibatch=4)


@pytest.mark.parametrize("loss", ["swgan", "wgan_gp"])
def test_accumulated_parts_equal_one_pass(loss):
    settings = [f"loss={loss}", "schedule.minibatch=8", *SGD]
    whole, parts = (trainer_for(tiny_config(*settings, f"train.accumulate={n}")) for n in (1, 2))
    terms = _train(whole, 16), _train(parts, 16)
    for term in whole.config.loss.critic_terms:
        assert terms[0][term] == pytest.approx(terms[1][term], rel=1e-4, abs=1e-6)
    for one, other in zip(all_weights(whole), all_weights(parts), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_lazy_penalties_are_taken_at_intervals_and_weighted():
    always, lazy = (
        trainer_for(tiny_config(f"train.penalty_interval={n}", "train.steps_per_call=1"))
        for n in (1, 2)
    )
    first = [_train(trainer, 4)["gradient_penalty"] for trainer in (always, lazy)]
    assert first[1] == pytest.approx(2 * first[0], rel=1e-4)
    np.testing.assert_allclose(  # The critic's step is the same, as the penalty is due.
        *(t.model.networks["D"].encoder.dense.kernel.numpy() for t in (always, lazy)), atol=1e-6
    )
    assert _train(lazy, 8)["gradient_penalty"] == 0
    assert _train(lazy, 12)["gradient_penalty"] > 0


def test_lazy_penalties_are_the_same_on_two_replicas_and_in_parts():
    settings = [*SGD, "schedule.minibatch=8", "train.penalty_interval=3", "train.steps_per_call=1"]
    one = trainer_for(tiny_config(*settings))
    two = trainer_for(tiny_config(*settings, "train.accumulate=2"), replicas=2)
    terms = _train(one, 24), _train(two, 24)
    norms = [found["D_gradient_norm"] for found in terms]
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)
    for a, b in zip(all_weights(one), all_weights(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_bfloat16_agrees_with_float32():
    terms = [
        _train(trainer_for(tiny_config(f"network.precision={name}")), until=4)
        for name in ("float32", "mixed_bfloat16")
    ]
    for term, value in terms[0].items():
        assert terms[1][term] == pytest.approx(value, rel=0.05, abs=0.02), term
