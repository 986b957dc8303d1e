"""Statistics of preferences, by closed forms, published values and SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from metrics.preferences import binomial_p, bradley_terry, fleiss_kappa, wilson_interval

COUNTS = [(0, 1), (1, 1), (3, 10), (120, 240), (131, 240), (7000, 13000)]


@pytest.mark.parametrize(("wins", "answers"), COUNTS)
def test_intervals_and_tests_are_those_of_scipy(wins, answers):
    test = stats.binomtest(wins, answers)
    interval = test.proportion_ci(0.95, method="wilson")
    assert wilson_interval(wins, answers) == pytest.approx((interval.low, interval.high))
    assert binomial_p(wins, answers) == pytest.approx(test.pvalue)


def test_an_interval_of_240_even_answers_is_six_points_wide():
    low, high = wilson_interval(120, 240)
    assert (low, high) == pytest.approx((0.437, 0.563), abs=5e-4)


def test_tests_by_hand():
    assert binomial_p(0, 5) == 2 / 32
    assert binomial_p(9, 10) == pytest.approx(2 * 11 / 1024)
    assert binomial_p(5, 10) == 1


@pytest.mark.parametrize(("wins", "answers"), [(0, 0), (3, 2), (-1, 4)])
def test_impossible_counts(wins, answers):
    for function in (wilson_interval, binomial_p):
        with pytest.raises(ValueError, match="should be 0 to `answers`"):
            function(wins, answers)


def test_strengths_of_two_models_are_their_shares():
    np.testing.assert_allclose(bradley_terry(np.array([[9, 30], [10, 9]])), [0.75, 0.25])


def test_strengths_come_back():
    strengths = np.array([0.4, 0.3, 0.2, 0.1])
    wins = 100 * strengths[:, None] / (strengths[:, None] + strengths)
    np.testing.assert_allclose(bradley_terry(wins), strengths, rtol=1e-6)
    wins[0, 2] = wins[2, 0] = 0  # Not all have to meet.
    np.testing.assert_allclose(bradley_terry(wins), strengths, rtol=1e-6)


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 5, 5], [0, 0, 3], [0, 2, 0]],  # One won all.
        [[0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 3], [0, 0, 2, 0]],  # Two groups never met.
    ],
)
def test_models_without_finite_strengths(wins):
    assert bradley_terry(np.array(wins)) is None


def test_agreement_of_the_example_of_fleiss():
    # Ten subjects, fourteen raters, five categories: kappa is 0.210.
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    share, kappa = fleiss_kappa(np.array(counts))
    assert share == pytest.approx(0.378, abs=5e-4)
    assert kappa == pytest.approx(0.210, abs=5e-4)


def test_agreement_at_the_edges():
    assert fleiss_kappa(np.array([[2, 0], [0, 3], [1, 0]])) == (1, 1)
    share, kappa = fleiss_kappa(np.array([[1, 1], [1, 1]]))
    assert (share, kappa) == (0, -1)
    assert all(map(math.isnan, fleiss_kappa(np.array([[1, 0], [0, 1]]))))
    share, kappa = fleiss_kappa(np.array([[2, 0], [2, 0]]))
    assert share == 1
    assert math.isnan(kappa)
