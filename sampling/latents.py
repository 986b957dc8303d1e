"""Latents of a generator: seeded draws."""

import numpy as np


def sample_latents(num: int, size: int, seed, truncation: float | None = None) -> np.ndarray:
    """`num` latents [num, size] ~ N(0, I); with `truncation`, values beyond it are drawn again."""
    random = np.random.default_rng(seed)
    latents = random.standard_normal((num, size))
    while truncation is not None and (beyond := np.abs(latents) > truncation).any():
        latents[beyond] = random.standard_normal(beyond.sum())
    return latents.astype(np.float32)
