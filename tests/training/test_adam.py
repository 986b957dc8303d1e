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
