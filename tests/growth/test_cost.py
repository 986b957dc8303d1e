"""Costs, against the convolutions of traced steps."""

import pytest
import tensorflow as tf

from benchmarks.convolutions import count_convolutions
from benchmarks.train_step import Constant
from growth.cost import clip_cost, graph_size, operations
from growth.phase import list_phases
from tests.training.toys import tiny_config, trainer_for


@pytest.mark.parametrize("loss", ["swgan", "wgan_gp"])
def test_operations_are_those_of_a_traced_step(loss):
    # Steps in space alone and in both; other feature maps at each rung.
    config = tiny_config(
        f"loss={loss}", "growth.feature_maps_base=64", "growth.feature_maps_max=16"
    )
    trainer, clips = trainer_for(config), Constant(config.ladder)
    phase = list_phases(config.schedule, config.ladder)[-1]
    reals = next(iter(clips.dataset(phase.level, 0, phase.minibatch)))
    step = tf.function(trainer.make_step(phase).step)
    counted = count_convolutions(step.get_concrete_function(reals, tf.constant(0, tf.int64)))
    flop = sum(number * convolution.flop for convolution, number in counted.items())
    assert flop / phase.minibatch == pytest.approx(operations(config.ladder, 2), rel=0.03)


def test_a_clip_costs_more_at_each_rung_and_in_small_minibatches():
    config = tiny_config("schedule.minibatch={4: 8, 16: 4}")
    phases = list_phases(config.schedule, config.ladder)
    costs = [clip_cost(phase, config.ladder) for phase in phases]
    assert costs[0] < costs[2] < costs[4]
    assert costs[1] > costs[2]  # It fades: a larger graph.
    operations_alone = [operations(config.ladder, p.level) / 220e9 for p in phases]
    fixed = [cost - least for cost, least in zip(costs, operations_alone, strict=True)]
    assert fixed == pytest.approx([0.005 * graph_size(p) / p.minibatch for p in phases])
