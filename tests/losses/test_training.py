"""Each loss trains the progressive networks through all phases of a small ladder."""

import numpy as np
import pytest

from tests.training.toys import Reals, tiny_config, trainer_for
from training.loop import Watcher, train

SMALL = ["growth.ladder=4x4x4 4x8x8", "growth.resolution=8", "growth.num_frames=4"]
SMALL += ["growth.feature_maps_max=2", "network.latent_size=4", "train.steps_per_call=2"]
SMALL += ["schedule.lod_training_kimg=0.008", "schedule.lod_transition_kimg=0.008"]
# The others train in tests/training, or are the same code with other numbers.
TRAINED = ["gan_r1", "relativistic", "lsgan", "wgan", "feature_matching"]


class Terms(Watcher):
    """Keeps the rung, whether it fades, and the terms of each call."""

    def __init__(self):
        self.calls = []

    def after(self, trainer, call):
        terms = {name: float(value) for name, value in call.terms.items()}
        self.calls.append(((call.phase.level, call.phase.fading), terms))


@pytest.mark.parametrize("loss", TRAINED)
def test_trains_through_all_phases(eager, loss):
    config = tiny_config(f"loss={loss}", *SMALL, "train.total_kimg=0.024")
    trainer, watcher = trainer_for(config), Terms()
    before = [kernel.numpy() for kernel in _kernels(trainer)]
    train(trainer, Reals(config.ladder), [watcher])
    assert (trainer.nimg, trainer.skipped) == (24, 0)
    assert [where for where, _ in watcher.calls] == [(0, False), (1, True), (1, False)]
    for term in (*config.loss.critic_terms, *config.loss.generator_terms):
        values = [terms[term] for _, terms in watcher.calls]
        every = config.loss.critic_steps if term in config.loss.generator_terms else 1
        due = [any(step % every == 0 for step in steps) for steps in ((0, 1), (2, 3), (4, 5))]
        assert np.isfinite(values).tolist() == due, term
    for old, kernel in zip(before, _kernels(trainer), strict=True):
        assert (old != kernel.numpy()).any(), kernel.path


def _kernels(trainer):
    networks = (trainer.model.networks[name] for name in ("G", "D"))
    return [v for network in networks for v in network.trainable_variables if v.name == "kernel"]
