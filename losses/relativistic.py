"""The relativistic paired loss with R1 and R2: the recipe of "The GAN is dead" (R3GAN, 2024)."""

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
class Relativistic(Loss):
    """Settings of the relativistic paired loss, and the loss itself.

    A logit is the difference of the scores of a real and a fake, so only differences count.
    """

    kind: str = "relativistic"
    r1_gamma: float = setting(10.0, "of R1, gamma / 2 ||grad D||^2 at reals; 0: none", minimum=0)
    r2_gamma: float = setting(10.0, "of R2, gamma / 2 ||grad D||^2 at fakes; 0: none", minimum=0)

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("critic", "gradient_penalty", "score_gap")
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: softplus(-(s(x) - s(G(z)))), plus the penalty."""
        seen = encode_both(critic, reals, fakes)
        real, fake = map(critic.score, seen)
        penalty = zero_centred_penalty(
            critic, (reals, self.r1_gamma), (fakes, self.r2_gamma), lazily=lazily
        )
        return Terms(
            {"critic": tf.nn.softplus(fake - real), "gradient_penalty": penalty},
            {"score_gap": real - fake},
            seen,
        )

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, softplus(-(s(G(z)) - s(x)))."""
        seen = [critic.encode(batch) for batch in (reals, fakes)]
        real, fake = map(critic.score, seen)
        return Terms({"generator": tf.nn.softplus(real - fake)}, seen=(seen[1],))
