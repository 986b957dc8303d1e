"""Inputs of a generator: seeded draws of latents, parts of them that stay the same, and labels."""

from collections.abc import Sequence

import numpy as np

from support.errors import UserError


def sample_latents(
    num: int, size: int, seed: int | tuple[int, ...], truncation: float | None = None
) -> np.ndarray:
    """`num` latents [num, size] ~ N(0, I); with `truncation`, values beyond it are drawn again."""
    random = np.random.default_rng(seed)
    latents = random.standard_normal((num, size))
    while truncation is not None and (beyond := np.abs(latents) > truncation).any():
        latents[beyond] = random.standard_normal(beyond.sum())
    return latents.astype(np.float32)


def latents_of_seeds(
    seeds: Sequence[int], size: int, truncation: float | None = None
) -> np.ndarray:
    """One latent per seed, [N, size]: the first that `sample_latents` draws by it."""
    return np.concatenate([sample_latents(1, size, seed, truncation) for seed in seeds])


def even_labels(num: int, labels: Sequence[int]) -> np.ndarray:
    """`num` of `labels`, as many of each as can be, in their order: [num] int32."""
    return np.array([labels[i * len(labels) // num] for i in range(num)], np.int32)


def share_part(latents: np.ndarray, parts: dict[str, int], name: str) -> np.ndarray:
    """Gives all `latents` the part `name` of the first.

    Args:
        latents: [N, K].
        parts: those of a latent in order, and their sizes; some may be empty.
        name: of one.

    Raises:
        UserError: there is no such part, or it is empty.
    """
    if not parts.get(name):
        known = ", ".join(part for part, size in parts.items() if size)
        raise UserError(f"`same` should be one of the latent's parts, {known}. Received: {name}")
    names = list(parts)
    begin = sum(parts[before] for before in names[: names.index(name)])
    place = slice(begin, begin + parts[name])
    shared = latents.copy()
    shared[:, place] = latents[:1, place]
    return shared
