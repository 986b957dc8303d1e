"""What a label head adds to the losses of critic and generator (`network.labels`: head, adc).

The head makes logits of the K values of the critic's encoder. Clips without a label add nothing.
"""

from __future__ import annotations

from typing import Protocol

from losses.loss import Critic, Seen
from support.deferred import tf


class LabelledCritic(Critic, Protocol):
    """A critic with a label head."""

    def classify(self, seen: Seen) -> tf.Tensor:
        """Values [N, K] to logits, one or two per class (`networks.conditions.LABEL_HEADS`)."""


class Auxiliary:
    """The auxiliary classifier of AC-GAN, with the weights of WGAN-GP's code.

    Clips of one class become alike: the generator is drawn to those that are classified easily.
    """

    weight = 0.1  # of the generator's term

    def critic_term(self, critic: LabelledCritic, real: Seen, fake: Seen) -> tf.Tensor:
        """[N], the cross entropy of the labels of reals."""
        return _cross_entropy(critic.classify(real), real.labels)

    def generator_term(self, critic: LabelledCritic, fake: Seen) -> tf.Tensor:
        """[N], `weight` times the cross entropy of the labels that were asked for."""
        return self.weight * _cross_entropy(critic.classify(fake), fake.labels)


class Discriminative:
    """The head of "Conditional GANs with Auxiliary Discriminative Classifier" (Hou et al. 2022).

    It tells 2 C classes apart: those of reals, then those of fakes. For the best classifier the
    generator's term is the divergence KL(fakes || reals) of clips within each class, so that it
    has no reason to make them alike.
    """

    weight = 0.05  # of the generator's term

    def critic_term(self, critic: LabelledCritic, real: Seen, fake: Seen) -> tf.Tensor:
        """[N], the cross entropy of "real of this class" and of "fake of this class"."""
        of_reals, of_fakes = map(critic.classify, (real, fake))
        labels = tf.where(fake.labels < 0, -1, fake.labels + _classes(of_fakes))
        return _cross_entropy(of_reals, real.labels) + _cross_entropy(of_fakes, labels)

    def generator_term(self, critic: LabelledCritic, fake: Seen) -> tf.Tensor:
        """[N], `weight` times log p(fake of this class) - log p(real of this class)."""
        logits, labels = critic.classify(fake), tf.maximum(fake.labels, 0)
        as_real, as_fake = (
            tf.gather(logits, labels + first, batch_dims=1) for first in (0, _classes(logits))
        )
        return tf.where(fake.labels < 0, 0.0, self.weight * (as_fake - as_real))


LABEL_LOSSES: dict[str, Auxiliary | Discriminative] = {
    "head": Auxiliary(),
    "adc": Discriminative(),
}


def _classes(logits):
    return logits.shape[-1] // 2


def _cross_entropy(logits, labels):
    """[N], of logits [N, C] and labels [N]; 0 where a label is negative."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(labels, 0), logits)
    return tf.where(labels < 0, 0.0, losses)
