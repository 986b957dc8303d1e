"""Feature matching: equation 2.3 of the thesis, from "Improved Techniques for Training GANs"."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from losses.gan import GAN
from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import at_once, squared_norm
from support.deferred import tf
from support.settings import check_settings, setting

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class FeatureMatching(Loss):
    """Settings of feature matching, and the loss itself: only the generator's differs from GAN's.

    The features are the values of the encoder. Their means are over the minibatch of all replicas;
    with `train.accumulate`, over each part of it, which makes them noisier.
    """

    kind: str = "feature_matching"
    r1_gamma: float = setting(0.0, "of R1, gamma / 2 ||grad D||^2 at reals; 0: none", minimum=0)

    head: ClassVar[str] = "scalar"
    generator_uses_head: ClassVar[bool] = False
    critic_terms: ClassVar[tuple[str, ...]] = GAN.critic_terms
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: as in the GAN loss."""
        return GAN(r1_gamma=self.r1_gamma).discriminator_loss(critic, reals, fakes, noise, lazily)

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, ||mean f(G(z)) - mean f(x)||^2.

        Each clip's term has this value, and the gradient 2 (mean f(G(z)) - mean f(x))'f(G(z)), so
        that the mean of the terms has the gradient of equation 2.3.
        """
        real, seen = (critic.encode(batch) for batch in (reals, fakes))
        fake = seen.values
        gap = tf.stop_gradient(_mean(fake) - _mean(real.values))  # [1, K]
        along_gap = tf.reduce_sum(gap * (fake - tf.stop_gradient(fake)), -1)  # [N] Zeros.
        return Terms({"generator": squared_norm(gap) + 2 * along_gap}, seen=(seen,))


def _mean(values):
    """The mean over the clips of all replicas, [N, K] -> [1, K]."""
    mean = tf.reduce_mean(values, 0, keepdims=True)
    return tf.distribute.get_replica_context().all_reduce("MEAN", mean)
