"""Several futures of one past: a clip for each of some latents."""

import numpy as np

from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from support.errors import UserError


def sample_futures(
    snapshot: Snapshot,
    clips: np.ndarray,
    count: int,
    seed: int | tuple[int, ...],
    *,
    labels: np.ndarray | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """Continues the first frames of clips, each `count` times with other latents.

    Args:
        snapshot: a generator that predicts.
        clips: [N, T, H, W, 3] float32 in [-1, 1] at the full size; the first frames are enough.
        count: futures per clip.
        seed: of the latents.
        labels: [N], of a generator of classes.
        truncation: as `sample_latents` takes it.

    Returns:
        [N, count, t, h, w, 3] float32, about [-1, 1], at the snapshot's rung; they begin with what
        was given of the past.

    Raises:
        UserError: the generator does not predict.
    """
    check_predicts(snapshot)
    latents = sample_latents(len(clips) * count, snapshot.config.latent_size, seed, truncation)
    past = snapshot.take_past(clips)
    made = snapshot.sample(
        latents,
        snapshot.phase.minibatch,
        None if labels is None else np.repeat(labels, count),
        None if past is None else np.repeat(past, count, axis=0),
    )
    return made.reshape(len(clips), count, *made.shape[1:])


def check_predicts(snapshot: Snapshot):
    """Raises `UserError` unless the generator continues the first frames of clips."""
    if not snapshot.config.prediction.past:
        raise UserError(
            f"Cannot predict with {snapshot.config.name}: it was trained without a past. Train "
            "with `prediction.past` above 0."
        )
