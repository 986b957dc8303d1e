"""A discriminator as the losses see it."""

import dataclasses

import tensorflow as tf

from dataset.batch import Batch
from growth.phase import Lod
from losses.loss import Seen
from networks.discriminator import Discriminator


@dataclasses.dataclass(frozen=True)
class PhaseCritic:
    """A discriminator at one phase: a `losses.loss.Critic`.

    Args:
        network: the encoder and the head.
        lod: of the phase.
        group: consecutive clips over which the minibatch standard deviation is taken.
    """

    network: Discriminator
    lod: Lod
    group: int = 1

    def encode(self, batch: Batch) -> Seen:
        """Clips [N, T, H, W, 3] to values [N, K]."""
        values = self.network.encoder(batch.clips, lod=self.lod, group=self.group)
        return Seen(values, batch.labels)

    def score(self, seen: Seen) -> tf.Tensor:
        """Values [N, K] to scores [N]."""
        return self.network.head(seen.values)
