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
        """Clips [N, T, H, W, 3], with the past before them, to values [N, K]."""
        values = self.network.encoder(batch.whole(), batch.labels, lod=self.lod, group=self.group)
        return Seen(values, batch.labels)

    def score(self, seen: Seen) -> tf.Tensor:
        """Values [N, K], with the labels of their clips, to scores [N]."""
        return self.network.score(seen.values, seen.labels)

    def classify(self, seen: Seen) -> tf.Tensor:
        """Values [N, K] to the logits of the label head."""
        if self.network.classifier is None:
            raise ValueError("`network` should have a label head (`network.labels`: head or adc).")
        return self.network.classifier(seen.values)
