"""Frechet distance between two sets of values, each modelled as a Gaussian.

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

for means m and covariances S (Dowson and Landau 1982; Heusel et al. 2017). All in float64, with
nothing added to the diagonals and no matrix square root of a product: the eigenvalues of S1 S2 are
those of F' S2 F for any F with F F' = S1.

The covariance of n clips has a rank of at most n - 1. Where that is less than the number of values,
F has as many columns, which leaves out the rounding errors of eigenvalues that are 0.

The distance is biased: two sets of n clips of one Gaussian with S = s I are about
tr S (D + 5) / (2n) apart. Report the distance of reals to other reals, of
as many clips, with every score.
"""

import numpy as np

from metrics.kept_values import KeptValues
from metrics.mergeable import DistanceMetric, MergeableMetric
from metrics.moments import Moments, StreamingMoments
from metrics.values import checked_sets
from support.errors import UserError


class FrechetDistance(DistanceMetric):
    """Keras metric of the Frechet distance.

    Its state is the moments of the sets, or the values themselves where at most D clips will come:
    they are smaller then, and nothing of size D x D is built.

    Args:
        num_values: D, values per clip.
        max_clips: maximum number of clips per set, where it is known. The state takes 16 D^2
            bytes, or 8 D max_clips where that is less.
        name: of the metric.
    """

    def __init__(
        self, num_values: int, max_clips: int | None = None, name: str = "frechet_distance"
    ):
        self.keeps_values = max_clips is not None and max_clips <= num_values

        def make(set_name: str) -> MergeableMetric:
            if max_clips is not None and self.keeps_values:
                return KeptValues(num_values, max_clips, set_name)
            return StreamingMoments(num_values, set_name)

        super().__init__(make("reals"), make("fakes"), name)

    def result(self) -> float:
        """The distance of all values seen; for eager code.

        Raises:
            UserError: a set has fewer than two clips, or values that are not finite.
        """
        distance = frechet_from_values if self.keeps_values else frechet_from_moments
        return distance(self.reals.result(), self.fakes.result())


def frechet_from_values(reals: np.ndarray, fakes: np.ndarray) -> float:
    """The distance of `reals` [N, D] and `fakes` [M, D]; suits N and M up to about D.

    The centred clips X and Y are factors of the covariances, and tr (S1 S2)^(1/2) is the nuclear
    norm (the sum of singular values) of X Y' / sqrt((N - 1)(M - 1)).

    Raises:
        UserError: a set has fewer than two clips or values that are not finite, or the sets have
            different numbers of values per clip.
    """
    reals, fakes = (np.asarray(x, np.float64) for x in checked_sets(2, reals=reals, fakes=fakes))
    means = reals.mean(0), fakes.mean(0)
    x, y = ((s - m) / np.sqrt(len(s) - 1) for s, m in zip((reals, fakes), means, strict=True))
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return _distance(*means, np.square(x).sum(), np.square(y).sum(), root)


def frechet_from_moments(reals: Moments, fakes: Moments) -> float:
    """The distance of two sets, from their moments.

    Raises:
        UserError: the sets have different numbers of values per clip.
    """
    if reals.mean.shape != fakes.mean.shape:
        raise UserError(
            "reals and fakes should hold the same number of values per clip. "
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


def _distance(mean_a, mean_b, trace_a, trace_b, root):
    return float(np.square(mean_a - mean_b).sum() + trace_a + trace_b - 2 * root)
