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

    def label_loss(self, batch: Batch) -> tf.Tensor:
        """[N], the cross entropy of the labels under the label head; 0 where there is no label."""
        if self.network.classifier is None:
            raise ValueError("`network` should have a label head (`network.labels=head`).")
        logits = self.network.classifier(self.encode(batch).values)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(batch.labels, 0), logits)
        return tf.where(batch.labels < 0, 0.0, losses)
