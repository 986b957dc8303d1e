"""Directions in the latent space along which clips change, found with and without labels."""

from collections.abc import Sequence

import numpy as np

from sampling.snapshot import Snapshot
from support.errors import UserError

_MIN_OF_CLASS = 8  # clips of a class and of the others, for a difference of means


def layer_directions(snapshot: Snapshot, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The latents' directions that change the first layer most, without labels.

    For latents ~ N(0, I) they are the principal components of the outputs of the linear first
    layer, as directions of its inputs: the left singular vectors of its kernel.

    Args:
        snapshot: of a generator whose first layer is dense.
        count: how many, at most K.

    Returns:
        Directions [count, K] of length 1, and the share of the variance of each [count].

    Raises:
        UserError: the generator has no dense first layer, or fewer latents.
    """
    kind, size = snapshot.config.model.kind, snapshot.config.latent_size
    if not hasattr(snapshot.generator, "dense"):
        raise UserError(f"Directions should be of a dense first layer. The model {kind} has none.")
    if count > size:
        raise UserError(f"`count` should be at most {size}. Received: {count}")
    kernel = np.asarray(snapshot.generator.dense.kernel.numpy(), np.float64)
    rows = kernel.reshape(len(kernel), -1)[:size]  # The others are of the class.
    vectors, values, _ = np.linalg.svd(rows, full_matrices=False)
    shares = np.square(values) / np.square(values).sum()
    return _with_sign(vectors.T[:count]).astype(np.float32), shares[:count]


def common_classes(labels: np.ndarray, names: Sequence[str]) -> list[int]:
    """The classes that have enough of some clips for `class_directions`; at least one.

    Args:
        labels: [N] int, the class of each clip.
        names: of all classes.

    Raises:
        UserError: none has, or all clips are of one class.
    """
    counts = np.bincount(labels, minlength=len(names))
    common = np.flatnonzero(np.minimum(counts, len(labels) - counts) >= _MIN_OF_CLASS).tolist()
    if not common:
        _check_count(labels, names, int(counts.argmax()))
    return common


def class_directions(
    latents: np.ndarray, labels: np.ndarray, classes: Sequence[int], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The difference of the mean latents of each class and of the others.

    Args:
        latents: [N, K], drawn at random.
        labels: [N] int, the class of the clip of each.
        classes: those whose directions are wanted.
        names: of all classes.

    Returns:
        Directions [classes, K] of length 1, and the share of clips of each class.

    Raises:
        UserError: there are too few clips of a class, or of others.
    """
    directions = []
    for label in classes:
        _check_count(labels, names, label)
        inside = labels == label
        directions.append(latents[inside].mean(0) - latents[~inside].mean(0))
    found = np.stack(directions)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32), np.array([np.mean(labels == label) for label in classes])


def _check_count(labels, names, label):
    count = int((labels == label).sum())
    if min(count, len(labels) - count) < _MIN_OF_CLASS:
        raise UserError(
            f"A class and the others should have at least {_MIN_OF_CLASS} of the generated clips. "
            f"Received: {count} of {len(labels)} in {names[label]}. Draw more, or choose another "
            "class."
        )


def move(latents: np.ndarray, directions: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Latents [N, K] along each of some directions [D, K], as [D, N, A, K] float32.

    An amount [A] is a multiple of sqrt(K), about the length of a latent.
    """
    steps = amounts[:, None] * np.sqrt(latents.shape[1])  # [A, 1]
    moved = latents[None, :, None] + steps * directions[:, None, None]
    return moved.astype(np.float32)


def _with_sign(vectors):
    """Each vector with its largest number positive: a decomposition leaves the sign open."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], 1)
    return vectors * np.sign(largest)
