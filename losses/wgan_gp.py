"""WGAN-GP with ProGAN's drift term: equation 2.7 of the thesis, its "Progressive Video GAN"."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import at_once, between, encode_both, norm, score_gradient
from support.deferred import tf
from support.settings import check_settings, setting

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class WGANGP(Loss):
    """Settings of the Wasserstein loss with gradient penalty, and the loss itself."""

    kind: str = "wgan_gp"
    gradient_weight: float = setting(10.0, "lambda of equation 2.7", minimum=0)
    gradient_norm: float = setting(1.0, "the norm to which the critic's gradient is drawn")
    drift_weight: float = setting(1e-3, "of the squared score of reals, as in ProGAN", minimum=0)

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("critic", "gradient_penalty", "drift", "score_gap")
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: equation 2.7, and the drift of the scores of reals."""
        real, fake = encode_both(critic, reals, fakes)
        real_scores = critic.score(real)
        gap = real_scores - critic.score(fake)
        return Terms(
            {
                "critic": -gap,
                "gradient_penalty": lazily(
                    lambda: self._gradient_penalty(critic, reals, fakes, noise)
                ),
                "drift": self.drift_weight * tf.square(real_scores),
            },
            {"score_gap": gap},
            (real, fake),
        )

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, the negated score."""
        seen = critic.encode(fakes)
        return Terms({"generator": -critic.score(seen)}, seen=(seen,))

    def _gradient_penalty(self, critic, reals, fakes, noise):
        """lambda (||grad_X D(X)|| - gradient_norm)^2 at points X between reals and fakes: [N]."""
        points = between(reals.clips, fakes.clips, noise.uniform(1, 1, 1, 1))
        slopes = score_gradient(critic, reals._replace(clips=points))
        return self.gradient_weight * tf.square(norm(slopes) - self.gradient_norm)
