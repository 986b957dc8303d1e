"""TensorBoard: scalars by theme, histograms of weights, and clips as moving pictures."""

import numpy as np
import tensorflow as tf
from tensorboard.plugins.image import metadata

from growth.phase import Lod
from models.model import Average, Model
from run_folder.reading import distance_over_floor
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
BY_PHASE = (
    "distance_over_floor"  # One name per phase: distances of different phases do not compare.
)


def write_scalars(line: dict, terms: dict[str, float]):
    """Writes the numbers of a line of the history, and its terms, at the default step."""
    for name in line.keys() & THEMES.keys():
        tf.summary.scalar(THEMES[name], line[name])
    for name, value in terms.items():
        tf.summary.scalar(f"loss/{name}", value)
    tf.summary.scalar("speed/clips_per_sec", 1000 / line["sec_per_kimg"])
    if "swd" in line:
        phase = f"{line['rung']}{'_fading' if line['fading'] else ''}"
        tf.summary.scalar(f"{BY_PHASE}/{phase}", distance_over_floor(line))


def write_histograms(model: Model, lod: Lod):
    """Writes histograms of the weights that are in use at `lod`, at the default step.

    Running averages are left out.
    """
    averages = {step.name for step in model.steps() if isinstance(step, Average)}
    for name in model.networks.keys() - averages:
        for layer in model.live(name, lod):
            for variable in layer.trainable_variables:
                tf.summary.histogram(f"weights/{name}/{variable.path}", variable.value)


def write_clip_summary(name: str, clip: np.ndarray, fps: float):
    """Writes `clip` [T, H, W, 3] uint8 at the default step, as an animated PNG, without loss."""
    _, height, width, _ = clip.shape
    tf.summary.write(
        name,
        tf.constant([str(width), str(height), animation_bytes(clip, "apng", fps)]),
        metadata=metadata.create_summary_metadata(display_name=None, description=None),
    )
