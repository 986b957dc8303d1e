"""Adam as one operation, against Keras' own."""

import keras
import numpy as np
import pytest

from training.adam import Adam


@pytest.mark.parametrize("beta_1", [0.0, 0.9])
def test_equals_keras_adam(beta_1):
    draws = np.random.default_rng(0)
    start = draws.normal(size=(5, 3)).astype("float32")
    gradients = draws.normal(size=(20, 5, 3)).astype("float32") * 1e-2
    found = []
    for optimizer in (Adam, keras.optimizers.Adam):
        variable = keras.Variable(start)
        adam = optimizer(1e-2, beta_1=beta_1, beta_2=0.99, epsilon=1e-8)
        adam.build([variable])
        for gradient in gradients:
            adam.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        found.append([v.numpy() for v in (variable, *adam.variables)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-7)
    assert np.abs(found[0][0] - start).max() > 1e-2


def _mean_step(interval, strength, steps=400):
    """The mean step along a constant gradient of 1 + `strength` in noise, of the critic's rate."""
    draws = np.random.default_rng(1)
    variable = keras.Variable(np.zeros(2000, "float32"))
    adam = Adam(1.0, beta_1=0.0, beta_2=0.99, epsilon=1e-8, penalty_interval=interval)
    adam.build([variable])
    for _ in range(steps):
        gradient, penalty = 1 + 3 * draws.normal(size=(2, 2000)).astype("float32")
        gradients, penalties = [gradient], [strength * penalty]
        if interval == 1:
            adam.apply([gradients[0] + penalties[0]], [variable])
        else:
            adam.apply(adam.with_penalties(gradients, penalties, [variable]), [variable])
    return -variable.numpy().mean() / steps


@pytest.mark.parametrize("strength", [1, 10])
def test_penalties_at_intervals_leave_the_mean_step_as_it_is(strength):
    always = _mean_step(1, strength)
    assert _mean_step(4, strength) == pytest.approx(always, rel=0.05)
    assert _mean_step(8, strength) == pytest.approx(always, rel=0.05)


def test_a_penalty_is_applied_until_the_next_one():
    variable = keras.Variable(np.zeros(1, "float32"))
    adam = Adam(1e-3, penalty_interval=2)
    adam.build([variable])
    applied = []
    for penalty in (1.0, 5.0, 3.0, 5.0):
        pairs = adam.with_penalties([np.float32([10])], [np.float32([penalty])], [variable])
        adam.apply(pairs, [variable])
        applied.append(float(pairs[0][0][0]))
    assert applied == [11, 11, 13, 13]
