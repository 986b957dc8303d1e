"""What a label head adds to the losses of critic and generator (`network.labels`: head, adc).

The head makes logits of the K values of the critic's encoder. Clips without a label add nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from losses.loss import Critic, Seen
from losses.penalties import encode_both
from support.deferred import tf

if TYPE_CHECKING:
    from dataset.batch import Batch


class LabelledCritic(Critic, Protocol):
    """A critic with a label head."""

    def classify(self, seen: Seen) -> tf.Tensor:
        """Values [N, K] to logits, one or two per class (`networks.conditions.LABEL_HEADS`)."""


class Auxiliary:
    """The auxiliary classifier of AC-GAN, with the weights of WGAN-GP's code.

    Clips of one class become alike: the generator is drawn to those that are classified easily.
    """

    weight = 0.1  # of the generator's term

    def critic_term(self, critic: LabelledCritic, reals: Batch, fakes: Batch) -> tf.Tensor:
        """[N], the cross entropy of the labels of reals."""
        return _cross_entropy(critic.classify(critic.encode(reals)), reals.labels)

    def generator_term(self, critic: LabelledCritic, fakes: Batch) -> tf.Tensor:
        """[N], `weight` times the cross entropy of the labels that were asked for."""
        return self.weight * _cross_entropy(critic.classify(critic.encode(fakes)), fakes.labels)


class Discriminative:
    """The head of "Conditional GANs with Auxiliary Discriminative Classifier" (Hou et al. 2022).

    It tells 2 C classes apart: those of reals, then those of fakes. For the best classifier the
    generator's term is the divergence KL(fakes || reals) of clips within each class, so that it
    has no reason to make them alike.
    """

    weight = 0.05  # of the generator's term

    def critic_term(self, critic: LabelledCritic, reals: Batch, fakes: Batch) -> tf.Tensor:
        """[N], the cross entropy of "real of this class" and of "fake of this class"."""
        real, fake = map(critic.classify, encode_both(critic, reals, fakes))
        of_fakes = tf.where(fakes.labels < 0, -1, fakes.labels + _classes(fake))
        return _cross_entropy(real, reals.labels) + _cross_entropy(fake, of_fakes)

    def generator_term(self, critic: LabelledCritic, fakes: Batch) -> tf.Tensor:
        """[N], `weight` times log p(fake of this class) - log p(real of this class)."""
        logits, labels = critic.classify(critic.encode(fakes)), tf.maximum(fakes.labels, 0)
        real, fake = (
            tf.gather(logits, labels + first, batch_dims=1) for first in (0, _classes(logits))
        )
        return tf.where(fakes.labels < 0, 0.0, self.weight * (fake - real))


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
