import numpy as np
import pytest

from metrics.inception_score import InceptionScore, balanced_score, perfect_score
from support.errors import UserError

RANDOM = np.random.default_rng(0)


def soft(num, classes=6):
    weights = np.exp(2 * RANDOM.standard_normal((num, classes)))
    return weights / weights.sum(1, keepdims=True)


def score(probabilities, splits=1, **settings):
    num, classes = probabilities.shape
    metric = InceptionScore(classes, num, splits, **settings)
    for batch in np.array_split(probabilities, 3):
        metric.update_state(batch)
    return metric.result()


def by_definition(p, epsilon=0.0):
    """exp of the mean divergence from the marginal, clip by clip."""
    marginal = p.mean(0)
    ratio = np.log(p + epsilon) - np.log(marginal + epsilon)
    return np.exp(np.mean([(row * logs).sum() for row, logs in zip(p, ratio, strict=True)]))


def test_by_hand():
    uniform, sure = np.full((8, 4), 0.25), np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 0]]
    entropy = pytest.approx(np.log(4))
    scores = {"mean": pytest.approx(1), "std": 0}
    assert score(uniform) == scores | {"class_entropy": entropy, "clip_entropy": entropy}
    scores = {"mean": pytest.approx(4), "std": 0}
    assert score(sure) == scores | {"class_entropy": entropy, "clip_entropy": 0}
    assert score(sure[:1].repeat(8, 0))["mean"] == pytest.approx(1)
    # Three of one class and one of another: exp of the entropy of (3/4, 1/4).
    assert score(sure[[0, 0, 0, 1]])["mean"] == pytest.approx(4 / 3**0.75)


@pytest.mark.parametrize("epsilon", [0, 1e-7, 0.01])
def test_definition(epsilon):
    p = soft(40)
    assert score(p, epsilon=epsilon)["mean"] == pytest.approx(by_definition(p, epsilon), rel=1e-9)


def test_epsilon_is_in_both_logarithms():
    # For sure predictions of two classes: log(1 + eps) - log(1/2 + eps).
    assert score(np.eye(2), epsilon=0.5)["mean"] == pytest.approx(1.5)


def test_order_matters_to_splits_alone():
    p = soft(30)
    shuffled = RANDOM.permutation(p)
    assert score(shuffled)["mean"] == pytest.approx(score(p)["mean"], rel=1e-12)
    assert score(shuffled, 3)["mean"] != pytest.approx(score(p, 3)["mean"], rel=1e-6)


@pytest.mark.parametrize("sizes", [(10, 10, 10), (8, 7, 8, 7), (30,)])
def test_splits_are_contiguous(sizes):
    p = soft(30)
    scores = [by_definition(part) for part in np.split(p, np.cumsum(sizes)[:-1])]
    found = score(p, len(sizes))
    assert found["mean"] == pytest.approx(np.mean(scores), rel=1e-9)
    assert found["std"] == pytest.approx(np.std(scores), rel=1e-9, abs=1e-12)


def test_indices_give_each_clip_its_split():
    p, order = soft(30), RANDOM.permutation(30)
    metric = InceptionScore(6, 30, splits=4)
    for part in np.split(order, 5):
        metric.update_state(p[part], indices=part)
    found, expected = metric.result(), score(p, 4)
    assert found["mean"] == pytest.approx(expected["mean"], rel=1e-12)
    assert found["std"] == pytest.approx(expected["std"], rel=1e-9)


@pytest.mark.parametrize(("num", "expected"), [(205, 76.50), (2048, 98.54), (9984, 100.494)])
def test_perfect_score_of_finite_counts(num, expected):
    assert perfect_score(101, num) == pytest.approx(expected, abs=0.1)


def test_perfect_score_is_that_of_sure_predictions():
    # Two classes, two clips: half of the draws are of one class (1), half of both (2).
    assert perfect_score(2, 2) == pytest.approx(1.5, abs=0.03)
    assert perfect_score(7, 1) == 1
    draws = [score(np.eye(5)[RANDOM.integers(0, 5, 12)])["mean"] for _ in range(60)]
    assert perfect_score(5, 12) == pytest.approx(np.mean(draws), abs=0.15)
    assert perfect_score(5, 12) == perfect_score(5, 12) != perfect_score(5, 12, seed=1)


def test_balanced_score():
    assert balanced_score(101, 1010) == pytest.approx(101)
    assert balanced_score(101, 40) == pytest.approx(40)
    # Two of one class, one each of two others: the entropy of (1/2, 1/4, 1/4) is 1.5 log 2.
    assert balanced_score(3, 4) == pytest.approx(2**1.5)
    sure = np.eye(5)[np.arange(12) % 5]
    assert balanced_score(5, 12) == pytest.approx(score(sure)["mean"])


def test_mistakes():
    with pytest.raises(ValueError, match="`splits` should be 1 to 3. Received: splits=4"):
        InceptionScore(6, 3, splits=4)
    for num in (0, 29, 31):
        metric = InceptionScore(6, 30, splits=4)
        metric.update_state(soft(num))
        with pytest.raises(UserError, match=f"30 clips in 4 splits. Received: {num}, at most"):
            metric.result()
    metric = InceptionScore(6, 30, splits=3)
    metric.update_state(soft(30), indices=np.zeros(30, int))
    with pytest.raises(UserError, match="Received: 30, at most 30 in a split"):
        metric.result()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.2, 0.9])
def test_what_is_no_probability(wrong):
    p = soft(12)
    p[5, 2] = wrong
    with pytest.raises(UserError, match="add up to 1"):
        score(p, 2)
    p[5] = [1.2, -0.2, 0, 0, 0, 0]
    with pytest.raises(UserError, match="not negative"):
        score(p, 2)
