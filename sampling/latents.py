"""Inputs of a generator: seeded draws of latents, and labels."""

from collections.abc import Sequence

import numpy as np


def sample_latents(
    num: int, size: int, seed: int | tuple[int, ...], truncation: float | None = None
) -> np.ndarray:
    """`num` latents [num, size] ~ N(0, I); with `truncation`, values beyond it are drawn again."""
    random = np.random.default_rng(seed)
    latents = random.standard_normal((num, size))
    while truncation is not None and (beyond := np.abs(latents) > truncation).any():
        latents[beyond] = random.standard_normal(beyond.sum())
    return latents.astype(np.float32)


def even_labels(num: int, labels: Sequence[int]) -> np.ndarray:
    """`num` of `labels`, as many of each as can be, in their order: [num] int32."""
    return np.array([labels[i * len(labels) // num] for i in range(num)], np.int32)
