import numpy as np
import tensorflow as tf

from training.noise import Noise


def _noise(nimg=64, stream=0, begin=0, count=8, seed=3):
    return Noise(seed, tf.constant(nimg, tf.int64), stream, 8, begin, count)


def test_replicas_draw_their_parts_of_one_minibatch():
    whole = _noise().normal(5)
    parts = [_noise(begin=begin, count=4).normal(5) for begin in (0, 4)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_draws_steps_streams_and_seeds_differ():
    one = _noise()
    draws = [one.normal(5), one.normal(5), _noise(nimg=72).normal(5), _noise(stream=1).normal(5)]
    draws += [_noise(seed=4).normal(5)]
    assert len({d.numpy().tobytes() for d in draws}) == 5


def test_distributions():
    noise = Noise(0, tf.constant(0, tf.int64), 0, 4000, 0, 4000)
    normal, uniform = noise.normal(3).numpy(), noise.uniform(1, 1).numpy()
    assert normal.shape == (4000, 3)
    assert uniform.shape == (4000, 1, 1)
    assert abs(normal.mean()) < 0.05
    assert abs(normal.std() - 1) < 0.05
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.02
