"""Noise that depends on (seed, rollbacks, nimg, draw, sample) alone: on no number of replicas."""

import tensorflow as tf


class Noise:
    """The draws of one update on one replica.

    Args:
        seed: of the run.
        nimg: clips shown before this step, a scalar tensor; with `stream`, it names the update.
        stream: tells the updates of a step apart.
        minibatch: clips of all replicas together.
        begin, count: which of them are this replica's.
        rollbacks: how often the run went back to a checkpoint; each rollback draws different noise.
    """

    def __init__(
        self,
        seed: int,
        nimg: tf.Tensor,
        stream: int,
        minibatch: int,
        begin: int | tf.Tensor,
        count: int,
        rollbacks: int = 0,
    ):
        fold = tf.random.experimental.stateless_fold_in
        self._key = fold(fold(tf.constant([seed, rollbacks], tf.int64), nimg), stream)
        self._minibatch, self._begin, self._count = minibatch, begin, count
        self._draws = 0

    def normal(self, *shape):
        """[count, *shape] ~ N(0, 1)."""
        return self._draw(tf.random.stateless_normal, shape)

    def uniform(self, *shape):
        """[count, *shape] ~ U[0, 1)."""
        return self._draw(tf.random.stateless_uniform, shape)

    def _draw(self, distribution, shape):
        # The whole minibatch is drawn, and this replica takes its part of it.
        self._draws += 1
        key = tf.random.experimental.stateless_fold_in(self._key, self._draws)
        return distribution([self._minibatch, *shape], key)[self._begin :][: self._count]
