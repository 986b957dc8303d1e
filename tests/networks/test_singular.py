"""Singular value clipping against NumPy's decomposition."""

import numpy as np
import pytest
import tensorflow as tf

from networks.singular import clip_singular_values


@pytest.mark.parametrize("shape", [(4, 4, 4, 3, 8), (2, 2, 3, 40), (4, 4, 6, 1)])
def test_it_is_the_matrix_with_its_singular_values_cut_at_one(shape):
    kernel = np.random.default_rng(0).normal(0, 0.2, shape).astype(np.float32)
    matrix = kernel.reshape(-1, shape[-1])
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    assert values.max() > 1
    clipped = clip_singular_values(tf.constant(kernel)).numpy()
    np.testing.assert_allclose(
        clipped.reshape(matrix.shape), left * np.minimum(values, 1) @ right, atol=2e-6
    )
    after = np.linalg.svd(clipped.reshape(matrix.shape), compute_uv=False)
    assert after.max() <= 1 + 1e-6
    np.testing.assert_allclose(clip_singular_values(clipped), clipped, atol=2e-7)  # Once is enough.


def test_small_kernels_stay_as_they_are():
    kernel = tf.constant(np.random.default_rng(0).normal(0, 0.01, (4, 4, 4, 8)), tf.float32)
    np.testing.assert_array_equal(clip_singular_values(kernel), kernel)
