"""Frechet distance between two sets of values, each taken for a Gaussian.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

for means m and covariances S (Dowson and Landau 1982; Heusel et al. 2017). All in float64, with
nothing added to the diagonals and no matrix square root of a product: the eigenvalues of S1 S2 are
those of F' S2 F for any F with F F' = S1.

n clips have a covariance of rank n - 1 at most. Where that is less than the number of values, F
has as many columns, so that what would be rounding errors of vanishing eigenvalues is left out.

The distance is biased: two sets of n clips of one Gaussian with S = s I are about
tr S (D + 5) / (2n) apart. The distance of reals to other reals, with as many clips, belongs beside
every score.
"""

import numpy as np

from metrics.mergeable import DistanceMetric
from metrics.moments import Moments, StreamingMoments
from metrics.values import checked_sets
from support.errors import UserError


class FrechetDistance(DistanceMetric):
    """Keras metric of the Frechet distance, from streaming moments.

    Args:
        num_values: D, the values of a clip; the state takes 16 D^2 bytes.
        name: of the metric.
    """

    def __init__(self, num_values: int, name: str = "frechet_distance"):
        reals, fakes = (StreamingMoments(num_values, set_) for set_ in ("reals", "fakes"))
        super().__init__(reals, fakes, name)

    def result(self) -> float:
        """The distance of all values seen; for eager code.

        Raises:
            UserError: a set has fewer than two clips, or values that are not finite.
        """
        return frechet_from_moments(self.reals.result(), self.fakes.result())


def frechet_distance(reals: np.ndarray, fakes: np.ndarray) -> float:
    """The distance of `reals` [N, D] and `fakes` [M, D].

    With fewer clips than values in a set nothing of size D x D is built: the centred clips X and Y
    are factors of the covariances, and tr (S1 S2)^(1/2) is the nuclear norm (the sum of singular
    values) of X Y' / sqrt((N - 1)(M - 1)).

    Raises:
        UserError: a set has fewer than two clips or values that are not finite, or the sets have
            different numbers of values a clip.
    """
    reals, fakes = (np.asarray(x, np.float64) for x in checked_sets(2, reals=reals, fakes=fakes))
    if min(len(reals), len(fakes)) > reals.shape[1]:
        return frechet_from_moments(_moments(reals), _moments(fakes))
    means = reals.mean(0), fakes.mean(0)
    x, y = ((s - m) / np.sqrt(len(s) - 1) for s, m in zip((reals, fakes), means, strict=True))
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return _distance(*means, np.square(x).sum(), np.square(y).sum(), root)


def frechet_from_moments(reals: Moments, fakes: Moments) -> float:
    """The distance of two sets of which only the moments are known.

    Raises:
        UserError: the sets have different numbers of values a clip.
    """
    if reals.mean.shape != fakes.mean.shape:
        raise UserError(
            "reals and fakes should hold equally many values a clip. "
            f"Received: {reals.mean.size} and {fakes.mean.size}"
        )
    few, many = sorted((reals, fakes), key=lambda moments: moments.count)
    rank = min(few.count - 1, few.mean.size)
    values, vectors = np.linalg.eigh(few.covariance)
    factor = vectors[:, -rank:] * np.sqrt(values[-rank:].clip(0))
    squares = np.linalg.eigvalsh(factor.T @ many.covariance @ factor)
    root = np.sqrt(squares.clip(0)).sum()
    traces = np.trace(reals.covariance), np.trace(fakes.covariance)
    return _distance(reals.mean, fakes.mean, *traces, root)


def _moments(values):
    return Moments(len(values), values.mean(0), np.atleast_2d(np.cov(values, rowvar=False)))


def _distance(mean_a, mean_b, trace_a, trace_b, root):
    return float(np.square(mean_a - mean_b).sum() + trace_a + trace_b - 2 * root)
