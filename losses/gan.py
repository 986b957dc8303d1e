"""The original GAN loss: equation 2.1 of the thesis, with R1 and R2 penalties if wanted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import at_once, encode_both, zero_centred_penalty
from support.deferred import tf
from support.settings import check_settings, setting

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class GAN(Loss):
    """Settings of the GAN loss (Goodfellow et al. 2014), and the loss itself.

    Scores are logits: sigmoid(s) is the probability that a clip is real.
    """

    kind: str = "gan"
    saturating: bool = setting(
        False, "G minimises log(1 - D(G(z))) as printed in 2.1, not -log D(G(z))"
    )
    r1_gamma: float = setting(0.0, "of R1, gamma / 2 ||grad D||^2 at reals; 0: none", minimum=0)
    r2_gamma: float = setting(0.0, "of R2, gamma / 2 ||grad D||^2 at fakes; 0: none", minimum=0)

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("critic", "gradient_penalty", "score_gap")
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    @classmethod
    def r1(cls) -> GAN:
        """With the R1 penalty, as in "Which Training Methods for GANs do actually Converge?"."""
        return cls(r1_gamma=10.0)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: the negative of equation 2.1's maximum, plus the penalty."""
        seen = encode_both(critic, reals, fakes)
        real, fake = map(critic.score, seen)
        penalty = zero_centred_penalty(
            critic, (reals, self.r1_gamma), (fakes, self.r2_gamma), lazily=lazily
        )
        return Terms(
            {
                "critic": tf.nn.softplus(-real) + tf.nn.softplus(fake),
                "gradient_penalty": penalty,
            },
            {"score_gap": real - fake},
            seen,
        )

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, -log D(G(z)) by default."""
        seen = critic.encode(fakes)
        fake = critic.score(seen)
        return Terms(
            {"generator": -tf.nn.softplus(fake) if self.saturating else tf.nn.softplus(-fake)},
            seen=(seen,),
        )
