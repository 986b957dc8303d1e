"""The least squares loss: LSGAN (Mao et al. 2017), which chapter 2 of the thesis describes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import at_once, encode_both
from support.deferred import tf
from support.settings import setting

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class LSGAN(Loss):
    """Settings of the least squares loss, and the loss itself."""

    kind: str = "lsgan"
    a: float = setting(0.0, "score to which the critic draws fakes")
    b: float = setting(1.0, "score to which the critic draws reals")
    c: float = setting(1.0, "score to which the generator draws fakes")

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("critic", "score_gap")
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    @classmethod
    def pearson(cls) -> LSGAN:
        """The triple whose generator minimises Pearson's chi-squared divergence."""
        return cls(a=-1.0, b=1.0, c=0.0)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: half the squared distances of the scores to b and a."""
        seen = encode_both(critic, reals, fakes)
        real, fake = map(critic.score, seen)
        return Terms(
            {"critic": (tf.square(real - self.b) + tf.square(fake - self.a)) / 2},
            {"score_gap": real - fake},
            seen,
        )

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, half the squared distance to c."""
        seen = critic.encode(fakes)
        fake = critic.score(seen)
        return Terms({"generator": tf.square(fake - self.c) / 2}, seen=(seen,))
