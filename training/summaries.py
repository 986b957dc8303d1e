"""TensorBoard: scalars by theme, and clips as moving pictures."""

import numpy as np
import tensorflow as tf
from tensorboard.plugins.image import metadata

from support.media import animation_bytes

THEMES = {  # Names in TensorBoard of the numbers in a line of the history.
    "lod": "schedule/lod",
    "minibatch": "schedule/minibatch",
    "generator_rate": "schedule/generator_rate",
    "critic_rate": "schedule/critic_rate",
    "skipped": "faults/skipped_steps",
    "rollbacks": "faults/rollbacks",
    "sec_per_kimg": "speed/sec_per_kimg",
    "swd": "distance/sliced_wasserstein",
    "swd_floor": "distance/sliced_wasserstein_floor",
    "swd_spatial": "distance/spatial_sliced_wasserstein",
    "swd_spatial_floor": "distance/spatial_sliced_wasserstein_floor",
    "swd_temporal": "distance/temporal_sliced_wasserstein",
    "swd_temporal_floor": "distance/temporal_sliced_wasserstein_floor",
    "motion": "distance/motion_energy",
    "motion_reals": "distance/motion_energy_of_reals",
}


def write_scalars(line: dict[str, float], terms: dict[str, float]):
    """Writes the numbers of a tick, and the terms of the losses, at the default step."""
    for name in line.keys() & THEMES.keys():
        tf.summary.scalar(THEMES[name], line[name])
    for name, value in terms.items():
        tf.summary.scalar(f"loss/{name}", value)
    tf.summary.scalar("speed/clips_per_sec", 1000 / line["sec_per_kimg"])


def write_clip_summary(name: str, clip: np.ndarray, fps: float):
    """Writes `clip` [T, H, W, 3] uint8 at the default step, as an animated PNG, without loss."""
    _, height, width, _ = clip.shape
    tf.summary.write(
        name,
        tf.constant([str(width), str(height), animation_bytes(clip, "apng", fps)]),
        metadata=metadata.create_summary_metadata(display_name=None, description=None),
    )
