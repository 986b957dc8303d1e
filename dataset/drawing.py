"""The order in which training draws clips: a pure function of (seed, position).

Position p is draw `p % n` of epoch `p // n`, where an epoch has n draws, and its order follows from
the seed and the epoch. So training resumes at any position, and any number of replicas sees the
same stream.
"""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Draws clips of one or several groups.

    Of one group, an epoch draws each clip once. Of several, such as classes, an epoch draws equally
    many of each: the clips of a small group come several times, a random part of a large one once.

    Args:
        groups: the indices of clips, one array [M] per group.
        num_records: of the data set, of which the groups are a part.
        seed: of the order, of mirroring, and of the places of windows.
        mirror: whether to mirror a clip with probability 1/2, drawn again in each epoch.
    """

    groups: tuple[np.ndarray, ...]
    num_records: int
    seed: int
    mirror: bool

    @property
    def epoch_length(self) -> int:
        """The number of draws in an epoch."""
        count = sum(map(len, self.groups))
        return max(count // len(self.groups), 1) * len(self.groups)

    def stream(self, nimg: int) -> tf.data.Dataset:
        """The endless stream from position `nimg` on.

        Returns:
            A data set of the index of a clip, whether to mirror it, and the place of a window in
            its video, in [0, 1).
        """
        num = self.epoch_length
        first, begin = divmod(nimg, num)

        def epoch(number):
            order = tf.random.stateless_uniform([num], [2 * self.seed, number])
            coins = tf.random.stateless_uniform([num], [2 * self.seed + 1, number])
            clips = tf.gather(self._candidates(number), tf.argsort(order, stable=True))
            # By clip, so that it does not depend on the order, nor on which ones are drawn.
            seed = [2 * self.seed, -1 - number]
            places = tf.random.stateless_uniform([self.num_records], seed)
            draws = (clips, coins < 0.5 * self.mirror, tf.gather(places, clips))
            skipped = tf.where(tf.equal(number, first), begin, 0)  # Where training resumes.
            return tf.data.Dataset.from_tensor_slices(tuple(draw[skipped:] for draw in draws))

        return tf.data.Dataset.counter(first).flat_map(epoch)

    def _candidates(self, epoch):
        """The clips of an epoch, before they are shuffled."""
        groups = [tf.constant(group, tf.int32) for group in self.groups]
        if len(groups) == 1:
            return groups[0]
        share, parts = self.epoch_length // len(groups), []
        for number, group in enumerate(groups):
            seed = tf.random.experimental.stateless_fold_in([2 * self.seed, epoch], number)
            rounds = -(-share // len(group))
            keys = tf.random.stateless_uniform([rounds, len(group)], seed)
            parts.append(tf.gather(group, tf.reshape(tf.argsort(keys), [-1])[:share]))
        return tf.concat(parts, 0)
