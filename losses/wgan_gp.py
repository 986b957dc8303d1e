"""WGAN-GP with ProGAN's drift term: equation 2.7 of the thesis, its "Progressive Video GAN".

Critic and noise are handed in as in `losses.swgan`; here the head is scalar (128 -> 1).
"""

import dataclasses
from typing import ClassVar

import tensorflow as tf

from losses.penalties import at_once, between, encode_both, gradient, norm


@dataclasses.dataclass(frozen=True)
class WGANGP:
    """Settings of the Wasserstein loss with gradient penalty, and the loss itself."""

    kind: str = "wgan_gp"  # which loss these settings are of
    gradient_weight: float = 10.0  # lambda of equation 2.7
    gradient_norm: float = 1.0  # the norm that the critic's gradient is drawn to
    drift_weight: float = 1e-3  # of the squared score of reals, as in ProGAN

    head: ClassVar[str] = "scalar"  # the critic's head that this loss needs
    terms: ClassVar[tuple[str, ...]] = ("critic", "gradient_penalty", "drift")

    def discriminator_loss(
        self, critic, reals, fakes, noise, lazily=at_once
    ) -> dict[str, tf.Tensor]:
        """The terms that the critic minimises: a tensor [N] for each of `terms`.

        Args:
            critic: has `encode` and `score`.
            reals, fakes: [N, T, H, W, C] float32 in [-1, 1].
            noise: has `uniform`.
            lazily: takes a function that gives the gradient penalty [N], and gives what is added.
        """
        real_features, fake_features = encode_both(critic.encode, reals, fakes)
        real_scores = critic.score(real_features)
        return {
            "critic": critic.score(fake_features) - real_scores,
            "gradient_penalty": lazily(lambda: self._gradient_penalty(critic, reals, fakes, noise)),
            "drift": self.drift_weight * tf.square(real_scores),
        }

    def generator_loss(self, critic, fakes) -> dict[str, tf.Tensor]:
        """The term that the generator minimises: {"generator": [N]}, the negated score."""
        return {"generator": -critic.score(critic.encode(fakes))}

    def _gradient_penalty(self, critic, reals, fakes, noise):
        """lambda (||grad_X D(X)|| - 1)^2 at points X between reals and fakes: [N]."""
        clips = between(reals, fakes, noise.uniform(1, 1, 1, 1))
        slopes = gradient(lambda x: critic.score(critic.encode(x)), clips)
        return self.gradient_weight * tf.square(norm(slopes) - self.gradient_norm)
