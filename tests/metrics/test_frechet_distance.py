import numpy as np
import pytest
import scipy.linalg

from metrics.frechet_distance import FrechetDistance, frechet_from_moments, frechet_from_values
from metrics.moments import Moments
from support.errors import UserError


def correlated(num, size, seed):
    random = np.random.default_rng(seed)
    return random.standard_normal((num, size)) @ random.standard_normal((size, size)) + seed


def gaussian(mean, covariance):
    return Moments(10**9, np.asarray(mean, np.float64), np.asarray(covariance, np.float64))


def streamed(reals, fakes):
    metric = FrechetDistance(reals.shape[1])
    for real, fake in zip(np.array_split(reals, 7), np.array_split(fakes, 7), strict=True):
        metric.update_state(real, fake)
    return metric.result()


def by_sqrtm(reals, fakes):
    """The textbook's formula."""
    s1, s2 = np.cov(reals, rowvar=False), np.cov(fakes, rowvar=False)
    root = np.trace(scipy.linalg.sqrtm(s1 @ s2)).real
    mean = np.square(reals.mean(0) - fakes.mean(0)).sum()
    return mean + np.trace(s1) + np.trace(s2) - 2 * root


ROUTES = {"direct": frechet_from_values, "streamed": streamed}
# Clips of each set and values of a clip: more, fewer, and as many clips as values in either.
SIZES = [(60, 90, 6), (9, 30, 12), (30, 9, 12), (5, 7, 40), (2, 2, 3), (12, 13, 12), (13, 50, 12)]


def test_one_value_by_hand():
    # Deviations 3 and 5, means 2 apart: 2^2 + (3 - 5)^2.
    assert frechet_from_moments(gaussian([1], [[9]]), gaussian([3], [[25]])) == pytest.approx(8)


def test_diagonal_by_hand():
    a, b = gaussian([0, 0, 1], np.diag([1, 4, 9])), gaussian([1, 0, 0], np.diag([4, 4, 0]))
    assert frechet_from_moments(a, b) == pytest.approx(2 + 1 + 0 + 9)


def test_two_by_two_by_hand():
    # tr A^(1/2) is (tr A + 2 det(A)^(1/2))^(1/2) for a 2x2 matrix: tr S1 S2 = 8, det S1 S2 = 9.
    a, b = gaussian([0, 0], [[2, 1], [1, 2]]), gaussian([0, 0], [[1, 0], [0, 3]])
    assert np.trace(a.covariance @ b.covariance) == 8
    assert frechet_from_moments(a, b) == pytest.approx(8 - 2 * np.sqrt(8 + 2 * 3))


def test_commuting_covariances():
    axes = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    a, b = np.array([1, 2, 3, 4]), np.array([9, 0.25, 1, 0])
    a, b, expected = axes * a @ axes.T, axes * b @ axes.T, np.square(np.sqrt(a) - np.sqrt(b)).sum()
    zero = np.zeros(4)
    assert frechet_from_moments(gaussian(zero, a), gaussian(zero, b)) == pytest.approx(expected)


@pytest.mark.parametrize("sizes", SIZES)
def test_all_routes_agree(sizes):
    n, m, size = sizes
    reals, fakes = correlated(n, size, seed=1), correlated(m, size, seed=2)
    direct = frechet_from_values(reals, fakes)
    assert direct == pytest.approx(by_sqrtm(reals, fakes), rel=1e-5)
    assert streamed(reals, fakes) == pytest.approx(direct, rel=1e-9)
    assert frechet_from_values(fakes, reals) == pytest.approx(direct, rel=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_laws(route, sizes):
    n, m, size = sizes
    reals, fakes = correlated(n, size, seed=3), correlated(m, size, seed=4)
    distance, scale = route(reals, fakes), reals.var() * size
    shift, axes = np.arange(size), np.linalg.qr(correlated(size, size, seed=5))[0]
    assert route(reals, reals) == pytest.approx(0, abs=1e-9 * scale)
    assert route(reals, reals + shift) == pytest.approx(shift @ shift, abs=1e-9 * scale)
    assert route(reals @ axes, fakes @ axes) == pytest.approx(distance, rel=1e-9)
    assert route(3 * reals, 3 * fakes) == pytest.approx(9 * distance, rel=1e-9)
    assert route(reals + 1000, fakes + 1000) == pytest.approx(distance, rel=1e-7)
    assert route(reals, 3 * reals) == pytest.approx(
        4 * (np.square(reals.mean(0)).sum() + reals.var(0, ddof=1).sum())
    )


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_values_that_never_change_and_repeated_clips(route):
    reals, fakes = correlated(40, 6, seed=1), correlated(50, 6, seed=2)
    constant = [np.pad(values, ((0, 0), (0, 3))) for values in (reals, fakes)]
    assert route(*constant) == pytest.approx(route(reals, fakes), rel=1e-6)
    for num in (30, 50):
        collapsed = np.repeat(fakes[:1], num, axis=0)
        expected = reals.var(0, ddof=1).sum() + np.square(reals.mean(0) - fakes[0]).sum()
        assert route(reals, collapsed) == pytest.approx(expected, rel=1e-9)
    # Two clips, many times each: a covariance uu' of rank 1, and tr (S uu')^(1/2) = (u'Su)^(1/2).
    pairs, u = np.repeat(fakes[:2], 15, axis=0), (fakes[0] - fakes[1]) / 2 * np.sqrt(30 / 29)
    covariance = np.cov(reals, rowvar=False)
    mean = np.square(reals.mean(0) - pairs.mean(0)).sum()
    expected = mean + np.trace(covariance) + u @ u - 2 * np.sqrt(u @ covariance @ u)
    assert route(reals, pairs) == pytest.approx(expected, rel=1e-6)


def test_few_clips_need_no_square_of_the_number_of_values():
    size = 10**6  # The covariance would take 8 TB.
    reals, fakes = np.zeros((2, size), np.float32), np.zeros((3, size), np.float32)
    reals[1, :4] = 2  # Variance 2 along four axes, which are those of the first clip alone.
    fakes[:] = reals[:1]
    metric = FrechetDistance(size, max_clips=3)
    metric.update_state(reals, fakes)
    assert metric.result() == pytest.approx(8 + 4)


@pytest.mark.parametrize("max_clips", [30, 40, 41, 1000])
def test_the_state_does_not_change_the_result(max_clips):
    """Up to 40 clips are kept as they are, of more the moments."""
    reals, fakes = (correlated(30, 40, seed).astype(np.float32) for seed in (1, 2))
    metric = FrechetDistance(40, max_clips)
    for real, fake in zip(np.array_split(reals, 4), np.array_split(fakes, 4), strict=True):
        metric.update_state(real, fake)
    assert metric.result() == pytest.approx(frechet_from_values(reals, fakes), rel=1e-9)
    numbers = sum(np.prod(v.shape) for part in (metric.reals, metric.fakes) for v in part.variables)
    assert numbers <= 2 * (40 * min(max_clips, 41) + 2)


def test_bias_of_equal_gaussians():
    # tr S (D + 5) / (2 n): of the means 2 tr S / n, of the covariances tr S (D + 1) / (2 n).
    random = np.random.default_rng(0)
    draws = [frechet_from_values(*random.standard_normal((2, 400, 20))) for _ in range(40)]
    assert np.mean(draws) == pytest.approx(20 * 25 / 800, rel=0.03)


def test_mistakes():
    good = correlated(8, 4, seed=1)
    with pytest.raises(UserError, match="fakes should hold at least 2 clips. Received: 1"):
        frechet_from_values(good, good[:1])
    with pytest.raises(UserError, match="reals should hold finite values"):
        frechet_from_values(np.where(good == good[2, 2], np.nan, good), good)
    with pytest.raises(UserError, match="the same number of values per clip. Received: 4 and 3"):
        frechet_from_values(good, good[:, :3])
    with pytest.raises(UserError, match="the same number of values per clip. Received: 1 and 2"):
        frechet_from_moments(gaussian([1], [[9]]), gaussian([0, 0], np.eye(2)))
