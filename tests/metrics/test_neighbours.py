import numpy as np
import pytest

from metrics.neighbours import memorisation_ratio, nearest, nearest_within
from support.errors import UserError

RANDOM = np.random.default_rng(0)


def by_pairs(queries, reals, count):
    distances = np.array([[np.sqrt(((q - r) ** 2).sum()) for r in reals] for q in queries])
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(distances, order, axis=1)


def test_by_hand():
    reals = np.array([[0, 0], [3, 4], [6, 8]])
    indices, distances = nearest(np.array([[3, 4], [0, 1]]), reals, count=2)
    assert indices.tolist() == [[1, 0], [0, 1]]
    assert distances.tolist() == [[0, 5], [1, np.sqrt(18)]]


@pytest.mark.parametrize("offset", [0, 1000, 1e6])
@pytest.mark.parametrize("block", [1, 4, 11, 100])
def test_every_pair(offset, block):
    queries, reals = RANDOM.standard_normal((11, 5)), RANDOM.standard_normal((30, 5))
    queries, reals = queries + offset, reals + offset
    for count in (1, 4, 30):
        indices, distances = nearest(queries, reals, count, block)
        expected, expected_distances = by_pairs(queries, reals, count)
        np.testing.assert_array_equal(indices, expected)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-12)


def test_copies_have_no_distance_and_ties_follow_the_index():
    reals = RANDOM.standard_normal((400, 37)).astype(np.float32)
    reals = np.concatenate([reals, reals[::-1], reals]) * 1e3
    places = RANDOM.integers(0, 400, 50)
    for block in (1, 7, 50):
        indices, distances = nearest(reals[places], reals, count=3, block=block)
        assert (distances == 0).all()
        expected = np.stack([places, 799 - places, 800 + places], axis=1)
        np.testing.assert_array_equal(indices, expected)


def test_ties_between_different_reals():
    # The corners of two cubes around the query in turns, the larger cube's first, and a real so
    # far away that sums round to hundreds.
    corners = np.array(np.meshgrid(*5 * [[-1, 1]])).reshape(5, -1).T
    reals = np.stack([2 * corners, corners], axis=1).reshape(64, 5)
    reals = np.concatenate([reals, [[1e9, 2e9, 3e9, 0, 0]]])
    expected = [*range(1, 64, 2), *range(0, 64, 2)]
    for count in (1, 5, 32, 40, 64):
        indices, distances = nearest(np.zeros((1, 5)), reals, count=count)
        assert indices.tolist() == [expected[:count]]
        assert (distances[0, :32] == np.sqrt(5)).all()


def test_any_real_type():
    reals = RANDOM.integers(0, 256, (20, 6))
    expected = nearest(reals[:4] + 1, reals, count=2)
    for dtype in (np.uint8, np.float16, np.float32):
        found = nearest((reals[:4] + 1).astype(np.float32), reals.astype(dtype), count=2)
        np.testing.assert_array_equal(found, expected)


def test_memorisation():
    reals, held_out, fair = RANDOM.standard_normal((3, 200, 4))
    copies = RANDOM.permutation(reals)[:50]
    near = reals + 0.1 * RANDOM.standard_normal(reals.shape)
    assert memorisation_ratio(copies, reals, held_out) == 0
    assert memorisation_ratio(near, reals, held_out) < 0.5
    assert memorisation_ratio(fair, reals, held_out) == pytest.approx(1, abs=0.15)
    assert memorisation_ratio(fair + 9, reals, held_out) > 5


def test_memorisation_by_hand():
    # Medians 1 and 2: a fake, or a held-out clip, that lies far away has no weight.
    reals = np.array([[0.0], [10]])
    fakes, held_out = np.array([[1.0], [9], [99]]), np.array([[2.0], [12], [50]])
    assert memorisation_ratio(fakes, reals, held_out) == 0.5


def test_within_classes_by_hand():
    reals, real_labels = np.array([[0.0], [10], [11], [2]]), np.array([0, 0, 1, 1])
    indices, distances = nearest_within(
        np.array([[1.9], [9.0]]), np.array([0, 1]), reals, real_labels
    )
    assert indices.tolist() == [[0], [2]]
    np.testing.assert_allclose(distances, [[1.9], [2]])
    labels = np.array([0, 1]), real_labels, np.array([1, 1])
    held_out = np.array([[4.0], [8.0]])  # 2 and 3 from the second class.
    ratio = memorisation_ratio(np.array([[1.9], [9.0]]), reals, held_out, labels)
    assert ratio == pytest.approx(1.95 / 2.5)


def test_mistakes():
    good = RANDOM.standard_normal((8, 4))
    for fakes, sentence in (
        (good[:0], "fakes should hold at least 1 clips. Received: 0"),
        (
            good[:, :3],
            "fakes and reals and held_out should hold the same number of values .* 3 and 4 and 4",
        ),
        (np.where(good == good[2, 2], np.nan, good), "fakes should hold finite values"),
    ):
        with pytest.raises(UserError, match=sentence):
            memorisation_ratio(fakes, good, good + 1)
    with pytest.raises(UserError, match="`held_out` should hold other clips than `reals`"):
        memorisation_ratio(good + 1, good, good[::-1])
    with pytest.raises(UserError, match="reals should hold at least 9 clips. Received: 8"):
        nearest(good, good, count=9)
