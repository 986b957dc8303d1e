"""The stream of real clips that training sees: a pure function of (seed, position).

Position p is clip `order(p // n)[p % n]` of the n clips, where `order(epoch)` is a permutation
that follows from the seed and the epoch. So every epoch shows each clip once, training resumes at
any position, and any number of replicas sees the same stream.
"""

import functools
from pathlib import Path

import numpy as np
import tensorflow as tf

from dataset.records import open_records
from growth.ladder import Ladder
from support.errors import UserError


class ClipPipeline:
    """Serves the clips of a data set at any rung of a ladder.

    Args:
        data: the folder of a data set.
        ladder: the rungs of which clips are wanted; the data set has to hold them all.
        seed: of the order and of the mirroring.
        mirror: mirrors every clip left to right with probability 1/2, anew in each epoch.

    Raises:
        UserError: the folder holds no whole data set, or one for another ladder.
    """

    def __init__(self, data: Path, ladder: Ladder, seed: int, mirror: bool):
        self.records = open_records(data)
        self.records.check_ladder(ladder)
        self.ladder, self.seed, self.mirror = ladder, seed, mirror

    def __len__(self):
        """How many clips, which is how many positions an epoch has."""
        return len(self.records)

    def dataset(
        self,
        level: int,
        nimg: int,
        minibatch: int,
        replicas: int = 1,
        first_replica: int = 0,
        local_replicas: int | None = None,
    ) -> tf.data.Dataset:
        """The endless stream from position `nimg` on, at a rung, in batches of one replica each.

        Element e is the share of replica `first_replica + e % local_replicas` in step
        `e // local_replicas`; step s takes the positions from `nimg + s * minibatch` on, the
        replicas in order.

        Returns:
            A data set of float32 [minibatch / replicas, T, H, W, 3] in [-1, 1].

        Raises:
            UserError: the replicas do not divide the minibatch.
        """
        if minibatch % replicas:
            raise UserError(
                f"The minibatch should be divisible by the {replicas} replicas. "
                f"Received: {minibatch}"
            )
        rung, share = self.ladder[level], minibatch // replicas
        local_replicas = local_replicas or replicas

        def load(element):
            step, replica = divmod(int(element), local_replicas)
            begin = nimg + step * minibatch + (first_replica + replica) * share
            clips, mirrored = self.stream(range(begin, begin + share))
            return np.array(self.records.read(rung, clips), object), mirrored

        def decode(element):
            records, mirrored = tf.numpy_function(
                load, [element], (tf.string, tf.bool), stateful=False
            )
            records.set_shape([share])
            data = tf.io.parse_example(records, {"data": tf.io.FixedLenFeature([], tf.string)})
            clips = tf.reshape(tf.io.decode_raw(data["data"], tf.uint8), [share, *rung.shape, -1])
            clips = tf.ensure_shape(clips, [share, *rung.shape, 3])
            mirrored = tf.reshape(mirrored, [share, 1, 1, 1, 1])
            clips = tf.where(mirrored, tf.reverse(clips, [3]), clips)
            return tf.cast(clips, tf.float32) / 127.5 - 1

        elements = tf.data.Dataset.counter()
        return elements.map(decode, num_parallel_calls=2, deterministic=True).prefetch(2)

    def stream(self, positions) -> tuple[np.ndarray, np.ndarray]:
        """For each position, the index of its clip and whether it is mirrored."""
        found = [(self._epoch(p // len(self)), p % len(self)) for p in positions]
        clips = np.array([order[i] for (order, _), i in found])
        return clips, np.array([mirrored[i] for (_, mirrored), i in found])

    @functools.lru_cache(maxsize=4)  # noqa: B019 (a pipeline lives as long as its run)
    def _epoch(self, epoch):
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(len(self))
        return order, random.random(len(self)) < 0.5 * self.mirror
