"""Turning, scaling and shifting in the plane, with points as complex numbers."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

_ROUNDS = 10


@dataclasses.dataclass(frozen=True)
class Similarity:
    """z -> turn * z + shift, for points z = x + iy (y downwards, so angles run clockwise)."""

    turn: complex = 1  # scale * exp(i * angle)
    shift: complex = 0

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Moves points [..., 2]."""
        return as_points(self.turn * as_complex(points) + self.shift)

    def __matmul__(self, first: "Similarity") -> "Similarity":
        """The similarity that moves by `first`, then by this one."""
        return Similarity(self.turn * first.turn, self.turn * first.shift + self.shift)

    def inverse(self) -> "Similarity":
        """The similarity that moves back."""
        return Similarity(1 / self.turn, -self.shift / self.turn)

    @property
    def matrix(self) -> np.ndarray:
        """[2, 3], as OpenCV wants it."""
        a, b = self.turn, self.shift
        return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]], float)


def fit_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """The similarity from points [N, 2] to points [N, 2], some of which may be wrong.

    Least squares, reweighted as by Geman and McClure with a scale of twice the median residual.

    Raises:
        ValueError: fewer than two different points.
    """
    p, q = as_complex(source), as_complex(target)
    if len(p) < 2 or np.ptp(p.real) + np.ptp(p.imag) == 0:
        raise ValueError(f"`source` should hold two different points. Received: {source}")
    weights, min_scale = np.ones(len(p)), 1e-6 * np.abs(q - q.mean()).max() + 1e-12
    for _ in range(_ROUNDS):
        weights /= weights.sum()
        centre = weights @ p
        turn = weights * (p - centre).conj() @ (q - weights @ q) / (weights @ abs(p - centre) ** 2)
        shift = weights @ q - turn * centre
        residuals = np.abs(q - turn * p - shift)
        scale = max(2 * np.median(residuals), min_scale)
        weights = 1 / (1 + (residuals / scale) ** 2) ** 2
    return Similarity(complex(turn), complex(shift))


def as_complex(points: ArrayLike) -> np.ndarray:
    """Points [..., 2] as complex numbers [...]."""
    return np.asarray(points, float) @ (1, 1j)


def as_points(numbers: np.ndarray) -> np.ndarray:
    """Complex numbers [...] as points [..., 2]."""
    return np.stack([np.real(numbers), np.imag(numbers)], -1)
