"""Into the latent space: the latents whose clip is nearest to a given one, by gradient.

As in the projection of StyleGAN2 (Karras et al. 2020, appendix D), but with the generator's own
latents: the steps of Adam begin at random latents, and the rate falls by a cosine.
"""

import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from support.errors import UserError, reading
from support.files import write_atomically

_KEPT = 6  # moments of the way
_DRAWS = 8  # random latents of which each restart begins at the best
_MAX_BYTES = 2**26  # of a file of latents
_ERRORS = (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, SyntaxError)

Distance = Callable[[tf.Tensor], tf.Tensor]  # clips [N, T, H, W, 3] to [N]
"""Distances of generated clips to the target."""


@dataclasses.dataclass(frozen=True)
class Projection:
    """What was found for a clip.

    Args:
        latents: [K] of the nearest clip of all steps and restarts.
        label: weights of the classes [C]; None without classes.
        distance: of its clip to the target.
        distances: [restarts, 1 + steps], of each restart from its start on.
        way: [moments, K], latents of the best restart, from the start to the end.
        way_steps: [moments], the steps at which they were met.
    """

    latents: np.ndarray
    label: np.ndarray | None
    distance: float
    distances: np.ndarray
    way: np.ndarray
    way_steps: np.ndarray


def pixel_distance(target: np.ndarray) -> Distance:
    """The root mean square of the differences of pixels, in [-1, 1].

    Args:
        target: [T, H, W, 3] float32 in [-1, 1].
    """
    goal = tf.constant(target[None])

    def distance(clips):
        return tf.sqrt(tf.reduce_mean(tf.square(clips - goal), (1, 2, 3, 4)) + 1e-12)

    return distance


def project(
    snapshot: Snapshot,
    distance: Distance,
    *,
    steps: int = 200,
    restarts: int = 4,
    rate: float = 0.1,
    seed: int = 0,
    label: int | None = None,
    past: np.ndarray | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Projection:
    """Moves latents by gradient until their clip is near the target.

    Args:
        snapshot: the generator.
        distance: of clips to the target.
        steps: of Adam.
        restarts: numbers of starts, which are moved at once; each is the best of some draws.
        rate: of Adam, for latents ~ N(0, I).
        seed: of the starts; the result depends on nothing else.
        label: class of the clip, or None: its weights are found too, from even ones.
        past: [1, C, h, w, 3] that a generator continues which predicts.
        advance: called with a number of steps that were made.

    Raises:
        UserError: the distances are not finite.
    """
    config = snapshot.config
    classes = config.num_classes
    starts = _best_starts(snapshot, distance, restarts, seed, label, past)
    latents = tf.Variable(starts)
    scores = tf.Variable(tf.zeros([restarts, max(classes, 1)]))
    moved = [latents] + [scores] * bool(classes and label is None)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, max(steps, 1)))
    optimizer.build(moved)

    @tf.function
    def measure():
        with tf.GradientTape() as tape:
            found = distance(_clips(snapshot, latents, _weights(scores, classes, label), past))
            total = tf.reduce_sum(found)
        return found, tape.gradient(total, moved)

    distances, seen, weights = [], [], []
    for step in range(steps + 1):
        found, gradients = measure()
        if not np.isfinite(found).all():
            raise UserError("Cannot project the clip: its distance is NaN or infinity.")
        distances.append(found.numpy())
        seen.append(latents.numpy())
        weights.append(_weights(scores, classes, label))
        if step < steps:
            optimizer.apply_gradients(zip(gradients, moved, strict=True))
            latents.assign(_on_sphere(latents))
            advance(1)
    return _best(np.array(distances), np.array(seen), weights)


def _best(distances, seen, weights):
    step, restart = np.unravel_index(np.argmin(distances), distances.shape)
    moments = np.unique(np.rint(np.linspace(0, step, _KEPT)).astype(int))
    label = weights[step]
    return Projection(
        latents=seen[step, restart],
        label=None if label is None else label[restart].numpy(),
        distance=float(distances[step, restart]),
        distances=distances.T,
        way=seen[moments, restart],
        way_steps=moments,
    )


def _best_starts(snapshot, distance, restarts, seed, label, past):
    """The best of some random latents for each restart, [restarts, K]."""
    size, classes = snapshot.config.latent_size, snapshot.config.num_classes
    draws = [sample_latents(_DRAWS, size, (seed, 6, i)) for i in range(restarts)]
    chosen = []
    for latents in draws:
        weights = _weights(tf.zeros([len(latents), max(classes, 1)]), classes, label)
        found = distance(_clips(snapshot, tf.constant(latents), weights, past)).numpy()
        chosen.append(latents[np.argmin(found)])
    return _on_sphere(np.stack(chosen)).numpy()


def _clips(snapshot, latents, weights, past):
    given = None if past is None else tf.repeat(past, latents.shape[0], 0)
    return snapshot(latents, weights, given)


def _weights(scores, classes, label):
    """Weights of the classes [N, C]; None without classes."""
    if not classes:
        return None
    if label is None:
        return tf.nn.softmax(scores)
    return tf.one_hot(tf.fill([scores.shape[0]], label), classes)


def _on_sphere(latents):
    """Latents at the length that random ones have: sqrt(K)."""
    latents = tf.convert_to_tensor(latents)
    return latents * tf.math.rsqrt(tf.reduce_mean(tf.square(latents), -1, keepdims=True) + 1e-8)


def save_latents(path: Path, latents: np.ndarray, labels: np.ndarray | None):
    """Writes latents [N, K], and weights of classes [N, C] where there are some, as .npz."""
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        if labels is None:
            np.savez(file, latents=latents)
        else:
            np.savez(file, latents=latents, labels=labels)


def load_latents(path: Path, size: int, classes: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Latents [N, K] and weights of classes [N, C] (None: not given) that `save_latents` wrote.

    Raises:
        UserError: the file is damaged, or its latents are of another generator.
    """
    arrays = _read(path)
    latents, labels = arrays["latents"], arrays.get("labels")
    if latents.ndim != 2 or latents.shape[1] != size or not len(latents):
        raise UserError(
            f"{path} should hold latents of {size} numbers, as the generator's are. "
            f"Received: shape {list(latents.shape)}"
        )
    if labels is not None and labels.shape != (len(latents), classes):
        raise UserError(
            f"{path} should hold weights of {classes} classes. Received: shape {list(labels.shape)}"
        )
    return latents, labels


def _read(path):
    with reading(path, "file of latents (.npz)", *_ERRORS):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("latents", "labels") if name in file}
            arrays["latents"]
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise UserError(f"{path} should hold finite floats. Received: others in {name}")
    return {name: array.astype(np.float32) for name, array in arrays.items()}
