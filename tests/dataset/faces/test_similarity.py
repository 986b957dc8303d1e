import numpy as np
import pytest

from dataset.faces.similarity import Similarity, fit_similarity

QUARTER_TURN = Similarity(2j, 10)  # Twice as large, from right to down, then 10 to the right.


def test_a_quarter_turn_by_hand():
    np.testing.assert_allclose(QUARTER_TURN([[1, 0], [0, 1]]), [[10, 2], [8, 0]])
    np.testing.assert_allclose(QUARTER_TURN.matrix, [[0, -2, 10], [2, 0, 0]])


def test_there_and_back():
    points = np.random.default_rng(0).normal(size=(3, 5, 2))
    np.testing.assert_allclose(QUARTER_TURN.inverse()(QUARTER_TURN(points)), points)


def test_one_after_the_other():
    points = np.random.default_rng(0).normal(size=(5, 2))
    other = Similarity(1 - 1j, 3j)
    np.testing.assert_allclose((other @ QUARTER_TURN)(points), other(QUARTER_TURN(points)))


@pytest.mark.parametrize("count", [2, 5, 40])
def test_fit_recovers_a_similarity(count):
    points = np.random.default_rng(1).normal(size=(count, 2))
    fitted = fit_similarity(points, QUARTER_TURN(points))
    np.testing.assert_allclose([fitted.turn, fitted.shift], [2j, 10], atol=1e-9)


@pytest.mark.parametrize("wrong", [1, 4, 12])
def test_fit_is_not_moved_by_outliers(wrong):
    random = np.random.default_rng(2)
    points = random.uniform(0, 100, (40, 2))
    target = QUARTER_TURN(points) + random.normal(0, 0.1, points.shape)
    target[:wrong] += random.uniform(20, 60, (wrong, 2))
    fitted = fit_similarity(points, target)
    assert abs(fitted.turn - 2j) < 0.005
    assert np.abs(fitted(points)[wrong:] - QUARTER_TURN(points)[wrong:]).max() < 0.2


def test_one_of_five_landmarks_may_be_wrong():
    points = np.array([[34.0, 40], [66, 40], [50, 58], [37, 77], [63, 77]])
    target = QUARTER_TURN(points)
    target[2] += (25, -10)
    fitted = fit_similarity(points, target)
    assert np.abs(fitted(points) - QUARTER_TURN(points)).max() < 0.1


def test_fit_of_one_place():
    fitted = fit_similarity(np.array([[0.0, 0], [1, 0]]), np.array([[5.0, 5], [5, 5]]))
    assert (fitted.turn, fitted.shift) == (0, 5 + 5j)
    with pytest.raises(ValueError, match="two different points"):
        fit_similarity(np.zeros((3, 2)), np.zeros((3, 2)))
