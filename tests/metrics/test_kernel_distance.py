import numpy as np
import pytest
import tensorflow as tf

from metrics.kernel_distance import KernelDistance, kernel_from_values
from support.errors import UserError

RANDOM = np.random.default_rng(0)


def by_pairs(reals, fakes):
    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def within(values):
        pairs = [(i, j) for i in range(len(values)) for j in range(len(values)) if i != j]
        return np.mean([kernel(values[i], values[j]) for i, j in pairs])

    between = np.mean([kernel(x, y) for x in reals for y in fakes])
    return within(reals) + within(fakes) - 2 * between


def test_by_hand():
    # One value per clip: k(1, 1) = 8, k(0, 0) = 1, k(1, 0) = 1; pairs 1, 1 and 0, 0.
    assert kernel_from_values(np.ones((2, 1)), np.zeros((2, 1))) == 8 + 1 - 2
    # Pairs of a set are of different clips: 0, 1 | 1, 1 gives 1 + 8 - 2 (1 + 1 + 8 + 8) / 4.
    assert kernel_from_values(np.array([[0], [1]]), np.ones((2, 1))) == 1 + 8 - 9


@pytest.mark.parametrize(("n", "m"), [(7, 5), (2, 9)])
def test_every_pair(n, m):
    reals, fakes = RANDOM.standard_normal((n, 4)), RANDOM.standard_normal((m, 4)) + 0.5
    assert kernel_from_values(reals, fakes) == pytest.approx(by_pairs(reals, fakes), rel=1e-12)
    assert kernel_from_values(fakes, reals) == pytest.approx(by_pairs(reals, fakes), rel=1e-12)


@pytest.mark.parametrize("block", [1, 3, 10, 13, 100])
def test_blocks_do_not_matter(block):
    reals, fakes = RANDOM.standard_normal((13, 4)), RANDOM.standard_normal((10, 4)) + 0.5
    whole = kernel_from_values(reals, fakes)
    assert kernel_from_values(reals, fakes, block) == pytest.approx(whole, rel=1e-12)


def test_no_bias():
    draws = np.array([kernel_from_values(*RANDOM.standard_normal((2, 12, 3))) for _ in range(2000)])
    assert abs(draws.mean()) < 4 * draws.std() / np.sqrt(len(draws))
    assert (draws < 0).any()
    reals, fakes = RANDOM.standard_normal((2, 12, 3))
    assert kernel_from_values(reals, fakes + 1) > 10 * abs(draws.mean())


def test_precision_does_not_depend_on_the_type():
    reals, fakes = RANDOM.integers(0, 9, (2, 40, 6))
    exact = kernel_from_values(reals, fakes)
    for dtype in (np.float16, np.float32, np.uint8):
        assert kernel_from_values(reals.astype(dtype), fakes.astype(dtype)) == exact


@pytest.mark.parametrize("sizes", [(5, 7), (12,), (8, 0, 4), (9, 3)])
def test_more_than_the_maximum(sizes):
    metric, values = KernelDistance(3, max_clips=8), RANDOM.standard_normal((12, 3))
    metric.reals.update_state(values[:8])
    for part in np.split(values, np.cumsum(sizes)[:-1]):
        tf.function(metric.fakes.update_state)(part)
    with pytest.raises(UserError, match="fakes should hold at most 8 clips. Received: 12"):
        metric.result()
    parts = [KernelDistance(3, max_clips=8) for _ in range(2)]
    for part in parts:
        part.update_state(values[:5], values[:4])
    parts[0].merge_state(parts[1:])
    with pytest.raises(UserError, match="reals should hold at most 8 clips. Received: 10"):
        parts[0].result()


def test_mistakes():
    good = RANDOM.standard_normal((8, 4))
    with pytest.raises(UserError, match="fakes should hold at least 2 clips. Received: 1"):
        kernel_from_values(good, good[:1])
    with pytest.raises(UserError, match="reals should hold finite values"):
        kernel_from_values(np.where(good == good[2, 2], np.nan, good), good)
