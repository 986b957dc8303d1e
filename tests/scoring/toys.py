"""A feature network that is cheap to ask, and sets of clips in memory."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from metrics.protocols import PROTOCOLS, Protocol
from scoring.features import Extractor

CLASSES = 4


class Means(keras.Model):
    """Stands for C3D: features and classes of the mean of each channel in each frame."""

    calls = 0

    def endpoints(self, clips):
        Means.calls += 1
        values = tf.reduce_mean(clips, (2, 3))  # [N, 16, 3]
        values = tf.reshape(values, [-1, 48])
        return {"fc6": values, "probabilities": tf.nn.softmax(values[:, :CLASSES] / 20)}


def toy_protocol(**more) -> Protocol:
    """A protocol without a mean, with few clips."""
    few = {"clips": 12, "repeats": 1, "splits": 2}
    return dataclasses.replace(PROTOCOLS["c3d_torch"], **few | more)


def toy_extractor(cache=None, **more) -> Extractor:
    """An extractor of channel means."""
    about = {"network": "c3d", "sha256": "0"}
    return Extractor(Means(), toy_protocol(**more), None, about, cache)


class Clips:
    """A clip set in memory, perhaps with labels."""

    label_names: tuple[str, ...] = ()

    def __init__(self, num, labels=None, seed=0, kind="data set", offset=0):
        random = np.random.default_rng(seed)
        colours = random.integers(40, 200, (num, 8, 1, 1, 3)) + offset
        self.array = np.broadcast_to(colours, (num, 8, 16, 16, 3)).astype(np.uint8)
        self.about = {"kind": kind, "sha256": f"{seed}", "clip": "8x16x16"}
        self._labels = labels
        self.read = []

    def __len__(self):
        return len(self.array)

    def labels(self):
        return np.full(len(self), -1) if self._labels is None else np.array(self._labels)

    def clips(self, indices):
        for index in indices:
            self.read.append(int(index))
            yield self.array[index]


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The Frechet distance by its definition; tr (x'x y'y)^(1/2) is the nuclear norm of x y'."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    x, y = ((s - s.mean(0)) / np.sqrt(len(s) - 1) for s in (a, b))
    root = np.linalg.norm(x @ y.T, "nuc")
    return np.square(a.mean(0) - b.mean(0)).sum() + (x**2).sum() + (y**2).sum() - 2 * root


def kernel(a: np.ndarray, b: np.ndarray) -> float:
    """The kernel distance by its definition, from all pairs."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    aa, bb, ab = ((x @ y.T / a.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (aa, bb)]
    return sum(within) - 2 * ab.mean()
