"""Statistics of answers to "which of the two is better?", without SciPy."""

import math

import numpy as np

_Z = 1.959963984540054  # two-sided 95 % of a normal distribution
_MAX_STEPS, _TOLERANCE = 10_000, 1e-10


def wilson_interval(wins: int, answers: int) -> tuple[float, float]:
    """The 95 % interval of Wilson (1927) for the share wins / answers.

    Raises:
        ValueError: there are no answers, or more wins than answers.
    """
    _check(wins, answers)
    share, square = wins / answers, _Z**2
    centre = share + square / (2 * answers)
    spread = _Z * math.sqrt(share * (1 - share) / answers + square / (4 * answers**2))
    low, high = ((centre + sign * spread) / (1 + square / answers) for sign in (-1, 1))
    return max(low, 0.0), min(high, 1.0)


def binomial_p(wins: int, answers: int) -> float:
    """The two-sided p-value of `wins` where each answer is a fair coin: the exact binomial test.

    Raises:
        ValueError: there are no answers, or more wins than answers.
    """
    _check(wins, answers)
    tail = sum(math.comb(answers, k) for k in range(min(wins, answers - wins) + 1))
    return min(1.0, 2 * tail / 2**answers)  # The distribution is symmetric.


def bradley_terry(wins: np.ndarray) -> np.ndarray | None:
    """The strengths by which a model wins over another with probability s_i / (s_i + s_j).

    Maximum likelihood by the iteration of Zermelo (1929); Bradley and Terry (1952).

    Args:
        wins: [M, M]; how often the row won over the column. The diagonal counts for nothing.

    Returns:
        [M] strengths that add up to 1; None where there are no finite ones, since some models won
        all comparisons with all others, or were not compared with them.
    """
    wins = np.array(wins, np.float64)
    np.fill_diagonal(wins, 0)
    if not _is_connected(wins > 0):
        return None
    played, won = wins + wins.T, wins.sum(1)
    strengths = np.full(len(wins), 1 / len(wins))
    for _ in range(_MAX_STEPS):
        before = strengths
        strengths = won / (played / (before[:, None] + before)).sum(1)
        strengths /= strengths.sum()
        if np.abs(np.log(strengths / before)).max() < _TOLERANCE:
            break
    return strengths


def fleiss_kappa(counts: np.ndarray) -> tuple[float, float]:
    """How far raters agree: the share of pairs of raters who do, and the same beyond chance.

    Fleiss (1971); the numbers of raters may differ.

    Args:
        counts: [N, K]; how many raters put the subject of the row into each category. Subjects
            with fewer than two raters count for nothing.

    Returns:
        The mean share of pairs of raters that agree, and kappa: 1 for full agreement, 0 for that
        of chance. NaN where no subject has two raters; kappa is NaN where all chose one category.
    """
    counts = np.asarray(counts, np.float64)
    counts = counts[counts.sum(1) >= 2]
    if not len(counts):
        return math.nan, math.nan
    raters = counts.sum(1)
    share = float(np.mean((counts * (counts - 1)).sum(1) / (raters * (raters - 1))))
    chance = float(np.sum((counts.sum(0) / counts.sum()) ** 2))
    return share, (share - chance) / (1 - chance) if chance < 1 else math.nan


def _check(wins, answers):
    if not 0 <= wins <= answers or answers < 1:
        raise ValueError(f"`wins` should be 0 to `answers`. Received: {wins} of {answers}")


def _is_connected(edges):
    """Whether each node of a directed graph [M, M] reaches all others."""
    reached = edges | np.eye(len(edges), dtype=bool)
    for _ in range(len(edges)):
        reached = (reached.astype(int) @ reached) > 0
    return bool(reached.all())
