"""A step of a model with moving statistics, rules after updates, and updates at intervals."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from growth.phase import phase_at
from models.model import Update
from tests.models.toys import ToyModel, register_toy
from tests.training.test_faults import Poisoned
from tests.training.toys import Reals, all_weights, tiny_config, trainer_for
from training.loop import train
from training.step import TrainingStep

ONE_RUNG = ["model=toy", "growth.ladder=4x4x4", "growth.resolution=4", "growth.num_frames=4"]


@pytest.fixture
def toy(monkeypatch):
    register_toy(monkeypatch)
    return tiny_config(*ONE_RUNG, "train.steps_per_call=1", "train.running_average=0.75")


def _weights(trainer, name):
    network = trainer.model.networks[name]
    trainable = [v.numpy() for v in network.trainable_variables]
    return trainable, [v.numpy() for v in network.non_trainable_variables]


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_rule_after_an_update_clips(toy, replicas):
    trainer = trainer_for(toy, replicas)
    kernels, _ = _weights(trainer, "critic")
    assert max(np.abs(k).max() for k in kernels) > toy.model.clip
    train(trainer, Reals(toy.ladder), until=4)
    kernels, _ = _weights(trainer, "critic")
    assert max(np.abs(k).max() for k in kernels) == pytest.approx(toy.model.clip)


def test_a_rule_is_told_the_number_of_the_step(toy, monkeypatch):
    numbers = []
    monkeypatch.setattr(
        ToyModel, "_clip", lambda self, step: tf.py_function(numbers.append, [step], [])
    )
    train(trainer_for(toy), Reals(toy.ladder), until=12)
    assert [int(number) for number in numbers] == [0, 1, 2]


@pytest.mark.parametrize("replicas", [1, 2])
def test_an_average_carries_moving_statistics(toy, replicas):
    trainer = trainer_for(toy, replicas)
    before, _ = _weights(trainer, "slow_generator")
    train(trainer, Reals(toy.ladder), until=4)
    now, statistics = _weights(trainer, "generator")
    slow, slow_statistics = _weights(trainer, "slow_generator")
    for a, b in zip(statistics, slow_statistics, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((s != 0).any() and (s != 1).any() for s in statistics)  # They have moved.
    for old, new, average in zip(before, now, slow, strict=True):
        np.testing.assert_allclose(average, 0.75 * old + 0.25 * new, atol=1e-6)


def test_an_update_at_intervals_leaves_its_networks_alone_elsewhere(toy):
    trainer = trainer_for(toy)
    train(trainer, Reals(toy.ladder), until=4)
    first = _weights(trainer, "generator")
    train(trainer, Reals(toy.ladder), until=8)
    for before, after in zip(first, _weights(trainer, "generator"), strict=True):
        for a, b in zip(before, after, strict=True):
            np.testing.assert_array_equal(a, b)
    train(trainer, Reals(toy.ladder), until=12)
    pairs = zip(first[0], _weights(trainer, "generator")[0], strict=True)
    assert any((a != b).any() for a, b in pairs)


def test_terms_are_means_over_the_steps_that_compute_them(toy):
    one, four = (
        trainer_for(
            dataclasses.replace(toy, train=dataclasses.replace(toy.train, steps_per_call=n))
        )
        for n in (1, 2)
    )
    phase = phase_at(0, toy.schedule, toy.ladder)
    means = []
    for trainer, steps in ((one, 1), (four, 2)):
        trainer.enter(phase)
        terms, _ = trainer.train(Reals(toy.ladder), phase, steps)
        means.append(float(terms["minus_score"]))
    assert means[0] == pytest.approx(means[1], rel=1e-5)  # Only the first step has this update.


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_step_taken_back_takes_back_moving_statistics(toy, replicas):
    trainer = trainer_for(toy, replicas)
    reals = Poisoned(toy.ladder, 9, np.nan)  # In the third step, which updates the generator.
    train(trainer, reals, until=8)
    before = all_weights(trainer)
    train(trainer, reals, until=12)
    assert (trainer.skipped, trainer.nimg) == (1, 12)
    for a, b in zip(all_weights(trainer), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_optimizer_of_the_model_is_given_the_gradient_of_all_replicas(toy, monkeypatch):
    steps = ToyModel.steps

    def with_sgd(self):
        critic, *others = steps(self)
        sgd = keras.optimizers.SGD
        return (dataclasses.replace(critic, optimizer=sgd, after=None), *others)

    monkeypatch.setattr(ToyModel, "steps", with_sgd)
    weights = []
    for replicas in (1, 2):
        trainer = trainer_for(toy, replicas)
        before, _ = _weights(trainer, "critic")
        train(trainer, Reals(toy.ladder), until=4)
        after, _ = _weights(trainer, "critic")
        weights.append(after[0])
        assert (after[0] != before[0]).any()
    np.testing.assert_allclose(*weights, atol=1e-6)


def test_no_identity_takes_all_gradients(toy):
    trainer, phase = trainer_for(toy), phase_at(0, toy.schedule, toy.ladder)
    trainer.enter(phase)
    step, reals = trainer.make_step(phase), iter(Reals(toy.ladder).dataset(0, 0, 4))
    traced = TrainingStep.__call__.get_concrete_function(
        step, reals, tf.constant(0, tf.int64), tf.constant(1)
    )
    functions = traced.graph.as_graph_def().library.function
    ops = [node.op for function in functions for node in function.node_def]
    assert ops.count("ResourceApplyAdam") == 2 + 6  # The critic has 2 variables.
    assert "IdentityN" not in ops  # It would not keep reads of weights before their updates.


def test_names_of_terms_have_to_be_those_that_are_computed(toy, monkeypatch):
    steps = ToyModel.steps

    def misnamed(self):
        return tuple(
            dataclasses.replace(step, term_names=("other",)) if isinstance(step, Update) else step
            for step in steps(self)
        )

    monkeypatch.setattr(ToyModel, "steps", misnamed)
    with pytest.raises(ValueError, match=r"`term_names` of the update critic should be .*gap"):
        train(trainer_for(toy), Reals(toy.ladder), until=4)


def test_a_live_variable_without_a_gradient_is_named(toy, monkeypatch):
    live, idle = ToyModel.live, keras.layers.Dense(1, name="idle")
    idle.build((None, 1))
    monkeypatch.setattr(ToyModel, "live", lambda self, name, lod: [*live(self, name, lod), idle])
    with pytest.raises(ValueError, match="update critic .*no gradient for critic/idle/kernel"):
        train(trainer_for(toy), Reals(toy.ladder), until=4)


def test_labels_reach_the_model(toy, monkeypatch):
    seen = []

    class Labelled(Reals):
        def dataset(self, *arguments, **more):
            count = tf.data.Dataset.counter(dtype=tf.int32)
            pairs = tf.data.Dataset.zip(super().dataset(*arguments, **more), count)
            return pairs.map(lambda batch, i: Batch(batch.clips, tf.fill([4], i)))

    critic = ToyModel._critic
    monkeypatch.setattr(
        ToyModel,
        "_critic",
        lambda self, part: (
            tf.py_function(lambda x: seen.append(x.numpy().tolist()), [part.reals.labels], []),
            critic(self, part),
        )[1],
    )
    train(trainer_for(toy), Labelled(toy.ladder), until=8)
    assert seen == [[0] * 4, [1] * 4]
