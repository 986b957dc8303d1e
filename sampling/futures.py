"""Several futures of one past: a clip for each of some latents, of any length.

Longer clips are made by chains: the last frames of a clip are the past of the next one.
"""

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
    frames: int | None = None,
    labels: np.ndarray | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """Continues the first frames of clips, each `count` times with other latents.

    Args:
        snapshot: a generator that predicts.
        clips: [N, T, H, W, 3] float32 in [-1, 1] at the full size; the first frames are enough.
        count: futures per clip.
        seed: of the latents; each link of a chain has others.
        frames: t, at the snapshot's rung; None for the length that was trained.
        labels: [N], of a generator of classes.
        truncation: as `sample_latents` takes it.

    Returns:
        [N, count, t, h, w, 3] float32, about [-1, 1], at the snapshot's rung; they begin with what
        was given of the past.

    Raises:
        UserError: the generator does not predict, or is given no past for longer clips.
    """
    check_predicts(snapshot)
    repeated = None if labels is None else np.repeat(labels, count)

    def make(seed, past):
        size = snapshot.config.latent_size
        latents = sample_latents(len(clips) * count, size, seed, truncation)
        return snapshot.sample(latents, snapshot.phase.minibatch, repeated, past)

    past = snapshot.take_past(clips)
    made = make(seed, None if past is None else np.repeat(past, count, axis=0))
    given, links = snapshot.past_frames, 0
    seeds = seed if isinstance(seed, tuple) else (seed,)
    while frames is not None and made.shape[1] < frames:
        if not given:
            raise UserError(
                f"`frames` should be at most {made.shape[1]} at a rung that is given no past. "
                f"Received: {frames}"
            )
        links += 1
        later = make((*seeds, links), np.clip(made[:, -given:], -1, 1))
        made = np.concatenate([made, later[:, given:]], 1)
    made = made[:, :frames]
    return made.reshape(len(clips), count, *made.shape[1:])


def check_predicts(snapshot: Snapshot):
    """Raises `UserError` unless the generator continues the first frames of clips."""
    if not snapshot.config.prediction.past:
        raise UserError(
            f"Cannot predict with {snapshot.config.name}: it was trained without a past. Train "
            "with `prediction.past` above 0."
        )
