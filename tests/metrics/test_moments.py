import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.moments import StreamingMoments
from support.errors import UserError

RANDOM = np.random.default_rng(0)
VALUES = 10 * RANDOM.standard_normal((30, 3)) + [0, 5, -1000]


def moments_of(*batches):
    moments = StreamingMoments(batches[0].shape[1])
    for batch in batches:
        moments.update_state(batch)
    return moments


def test_by_hand():
    moments = moments_of(np.array([[0, 0], [2, 4]]), np.array([[4, 2]])).result()
    assert moments.count == 3
    assert moments.mean.tolist() == [2, 2]
    assert moments.covariance.tolist() == [[4, 2], [2, 4]]


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 30), max_size=6).map(sorted),
    order=st.randoms(use_true_random=False),
)
def test_any_split_and_order_of_merges_equals_two_passes(cuts, order):
    parts = [moments_of(part) for part in np.split(VALUES, cuts)]
    order.shuffle(parts)
    while len(parts) > 1:
        parts[0].merge_state([parts.pop()])
        order.shuffle(parts)
    count, mean, covariance = parts[0].result()
    assert count == 30
    np.testing.assert_allclose(mean, VALUES.mean(0), rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(VALUES, rowvar=False), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int64])
def test_any_real_type_is_exact(dtype):
    values = RANDOM.integers(0, 256, (40, 4)).astype(dtype)
    moments = moments_of(*np.split(values, 5)).result()
    exact = values.astype(np.float64)
    np.testing.assert_allclose(moments.mean, exact.mean(0), rtol=1e-14)
    np.testing.assert_allclose(moments.covariance, np.cov(exact, rowvar=False), rtol=1e-12)


def test_an_offset_loses_nothing():
    values = RANDOM.integers(-512, 512, (64, 4)) / 2**20  # Exact after the offset, too.
    plain = moments_of(*np.split(values, 16)).result().covariance
    offset = moments_of(*np.split(values + 1000, 16)).result().covariance
    np.testing.assert_allclose(offset, plain, rtol=1e-8, atol=1e-16)


def test_mistakes():
    empty = StreamingMoments(3, name="reals")
    with pytest.raises(UserError, match="^reals should hold at least 2 clips. Received: 0$"):
        empty.result()
    empty.update_state(np.ones((1, 3)))
    with pytest.raises(UserError, match="Received: 1$"):
        empty.result()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 7])
def test_values_that_are_not_finite(wrong, place):
    values = RANDOM.standard_normal((8, 3))
    values[place, 1] = wrong
    for batches in ([values], np.split(values, 8)):
        moments = moments_of(*batches)
        with pytest.raises(UserError, match="should hold finite values. Received: NaN or inf"):
            moments.result()
        other = moments_of(np.ones((4, 3)))
        other.merge_state([moments])
        with pytest.raises(UserError, match="finite"):
            other.result()
