"""Steps with NaN or infinity change nothing, on any replica."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from growth.phase import phase_at
from losses.loss import Terms
from losses.swgan import SWGAN
from run_folder.folder import RunFolder
from support.errors import UserError
from tests.training.toys import Reals, all_weights, tick, tiny_config, trainer_for

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


class Poisoned(Reals):
    """Reals of which the clip at one position holds a value."""

    def __init__(self, ladder, position, value):
        super().__init__(ladder)
        self.position, self.value = position, value

    def clip(self, shape, position):
        clip = super().clip(shape, position)
        return tf.where(position == self.position, self.value * tf.ones_like(clip), clip)


class Poisonous(SWGAN):
    """Its generator loss is infinite on the last of two replicas."""

    def generator_loss(self, critic, reals, fakes):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        terms, *_ = super().generator_loss(critic, reals, fakes)
        return Terms({k: v / tf.cast(1 - replica, tf.float32) for k, v in terms.items()})


def _train(trainer, reals, steps):
    c = trainer.config
    phase = phase_at(trainer.nimg, c.schedule, c.ladder)
    trainer.enter(phase)
    return trainer.train(reals, phase, steps)


def _assert_same(one, other):
    for a, b in zip(all_weights(one), all_weights(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("replicas", "value"), [(1, np.nan), (2, np.inf)])
def test_a_bad_clip_of_the_last_replica_changes_nothing_on_any(replicas, value):
    c = tiny_config()
    reals = Poisoned(c.ladder, 11, value)  # In the third step.
    trainer, twin = trainer_for(c, replicas), trainer_for(c, replicas)
    for one in (trainer, twin):
        _train(one, reals, steps=2)
    terms, taken = _train(trainer, reals, steps=1)
    assert (taken, trainer.skipped, trainer.skipped_in_a_row, trainer.nimg) == (0, 1, 1, 12)
    assert all(np.isnan(value) for value in terms.values())
    _assert_same(trainer, twin)
    for variable in trainer.model.networks["G"].variables:
        copies = trainer.strategy.experimental_local_results(variable.value)
        assert all(np.array_equal(copies[0], copy) for copy in copies)
    assert "critic, gradient_penalty" in trainer.fault
    assert "first the gradient of D/from_rgb0/kernel (12 of 15)" in trainer.fault
    assert "at 4x4x4, stable (last finite values: critic " in trainer.fault

    terms, taken = _train(trainer, reals, steps=2)  # Training continues.
    assert (taken, trainer.skipped, trainer.skipped_in_a_row, trainer.nimg) == (2, 1, 0, 20)
    assert all(np.isfinite(value) and value != 0 for value in terms.values())
    assert (
        trainer.model.networks["G"].dense.kernel.numpy()
        != twin.model.networks["G"].dense.kernel.numpy()
    ).any()


def test_terms_are_means_over_the_steps_that_were_taken():
    c = tiny_config()
    trainer, twin = trainer_for(c), trainer_for(c)
    terms, taken = _train(trainer, Poisoned(c.ladder, 5, np.nan), steps=2)
    expected, _ = _train(twin, Reals(c.ladder), steps=1)
    assert taken == 1
    for term, value in expected.items():
        assert float(terms[term]) == pytest.approx(float(value), rel=1e-5)


def test_a_bad_generator_loss_takes_back_the_critic_too():
    c = dataclasses.replace(tiny_config(), loss=Poisonous())
    trainer = trainer_for(c, replicas=2)
    trainer.enter(phase_at(0, c.schedule, c.ladder))  # Sets the rates.
    before = all_weights(trainer)
    _train(trainer, Reals(c.ladder), steps=3)
    assert trainer.skipped == trainer.skipped_in_a_row == 3
    _, taken = _train(trainer, Reals(c.ladder), steps=2)
    assert taken == 0
    assert trainer.skipped_in_a_row == 5
    for a, b in zip(before, all_weights(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (
        "in generator, G_gradient_norm: first the gradient of G/dense/kernel (6 of 15)"
        in trainer.fault
    )


def test_rolling_back_draws_other_noise_a_few_times(tmp_path: Path, capsys):
    c = tiny_config("train.rollbacks=2")
    with RunFolder(tmp_path / "run", c, DATA) as run:
        trainer = trainer_for(c)
        run.restore_latest(trainer)
        ends = []
        for number in (1, 2):
            _train(trainer, Poisoned(c.ladder, 3, np.nan), steps=3)
            ends.append(trainer.model.networks["G"].dense.kernel.numpy())
            run.append_history(tick(trainer.nimg))
            run.roll_back(trainer)
            assert (trainer.nimg, trainer.skipped, trainer.rollbacks) == (0, number, number)
            assert f"({number} of 2 times)" in capsys.readouterr().out
            assert run.history() == []
        assert (ends[0] != ends[1]).any()
        with pytest.raises(UserError, match="Training diverged: .*last finite values: c"):
            _train(trainer, Poisoned(c.ladder, 3, np.nan), steps=1)
            run.roll_back(trainer)
