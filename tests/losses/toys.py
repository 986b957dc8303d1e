"""A critic in NumPy and in TensorFlow: encoder A x, sliced head of equation 5.2."""

import numpy as np
import tensorflow as tf

from dataset.batch import Batch
from losses.loss import Seen


def clips(random, num=3):
    return Batch(tf.constant(random.uniform(-1, 1, [num, 1, 2, 2, 3]), tf.float32), tf.range(num))


class FixedNoise:
    """Gives the same numbers every time: a share for each clip, and a direction."""

    def __init__(self, random, features, num=3):
        self.share = random.uniform(size=num)
        self.direction = random.normal(size=[num, features])

    def uniform(self, *shape):
        return tf.constant(self.share.reshape([-1, *shape]), tf.float32)

    def normal(self, *shape):
        assert shape == self.direction.shape[1:]
        return tf.constant(self.direction, tf.float32)

    def between(self, reals, fakes, axes=4):
        share = self.share.reshape([-1] + [1] * axes)
        reals, fakes = (x.clips if isinstance(x, Batch) else x for x in (reals, fakes))
        return np.asarray(reals) * (1 - share) + np.asarray(fakes) * share


class LinearCritic:
    def __init__(self, random, values, features):
        self.A = random.normal(size=[values, features])
        self.theta = np.linalg.qr(random.normal(size=[features, features]))[0]
        self.slopes, self.bias = random.normal(size=features), random.normal(size=features)

    def encode_of(self, x):
        x = x.clips if isinstance(x, Batch) else x
        return np.asarray(x, np.float64).reshape(len(x), -1) @ self.A

    def _slices(self, y):
        return self.slopes * (y @ self.theta) + self.bias

    def head(self, y):
        s = self._slices(y)
        return np.where(s > 0, s, 0.2 * s).mean(-1)

    def slope_of_head(self, y):
        return (
            (np.where(self._slices(y) > 0, 1, 0.2) * self.slopes) @ self.theta.T / len(self.theta)
        )

    def score_of(self, x):
        return self.head(self.encode_of(x))

    def as_tensors(self):
        return _Tensors(self)


class _Tensors:
    def __init__(self, critic):
        self.A = tf.constant(critic.A, tf.float32)
        self.theta = tf.constant(critic.theta, tf.float32)
        self.slopes = tf.constant(critic.slopes, tf.float32)
        self.bias = tf.constant(critic.bias, tf.float32)

    def encode(self, batch):
        return Seen(tf.reshape(batch.clips, [batch.clips.shape[0], -1]) @ self.A, batch.labels)

    def score(self, seen):
        y = seen.values
        return tf.reduce_mean(tf.nn.leaky_relu(self.slopes * (y @ self.theta) + self.bias), -1)


class Scores:
    """A critic whose clips are their scores."""

    def encode(self, batch):
        return Seen(tf.reshape(batch.clips, [-1, 1]), batch.labels)

    def score(self, seen):
        return seen.values[:, 0]


def scores_of(real, fake):
    """A critic, and reals and fakes with these scores."""
    batches = (
        tf.reshape(tf.convert_to_tensor(s, tf.float32), [-1, 1, 1, 1, 1]) for s in (real, fake)
    )
    return Scores(), *(Batch(clips, tf.range(clips.shape[0])) for clips in batches)
