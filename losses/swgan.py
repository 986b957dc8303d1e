"""The sliced Wasserstein loss: chapter 5 of the paper, equations 5.1 to 5.3.

The critic is f o E: an encoder E to K values and the sliced head f of equation 5.2. Nothing here
keeps state.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, ClassVar

from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import (
    at_once,
    between,
    encode_both,
    gradient,
    norm,
    score_gradient,
    squared_norm,
)
from support.deferred import tf
from support.settings import check_settings, setting

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class SWGAN(Loss):
    """Settings of the sliced Wasserstein loss, and the loss itself."""

    kind: str = "swgan"
    gradient_weight: float = setting(10.0, "lambda_1 of equation 5.3", minimum=0)
    projection_weight: float = setting(10.0, "lambda_2 of equation 5.3", minimum=0)
    projection_norm: float = setting(1.0, "k of equation 5.3")
    gradient_of: str = setting(
        "score",
        "lambda_1 is on f o E (score), or on E (encoder, as printed in 5.3)",
        choices=("encoder", "score"),
    )
    scaled: bool = setting(
        True, "divide lambda_1 of the encoder by K, and k by its root: alike at any K"
    )

    head: ClassVar[str] = "sliced"
    critic_terms: ClassVar[tuple[str, ...]] = (
        *("critic", "gradient_penalty", "projection_penalty"),
        "score_gap",
    )
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    @classmethod
    def literal(cls) -> SWGAN:
        """Equation 5.3 as printed: lambda_1 on the whole squared norm of the Jacobian of E."""
        return cls(projection_norm=0.01, gradient_of="encoder", scaled=False)

    @classmethod
    def released(cls) -> SWGAN:
        """The constants of the authors' released code, on true gradients.

        That code also multiplies the gradient by 1 - t (t is 0 at the real), which is left out.
        """
        return cls(gradient_weight=50.0, projection_norm=0.01, scaled=False)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: the negative of equation 5.3's maximum, plus the penalties."""
        real, fake = encode_both(critic, reals, fakes)
        fake_scores, size = critic.score(fake), real.values.shape[-1]
        gap = critic.score(real) - fake_scores
        return Terms(
            {
                "critic": -gap,
                "gradient_penalty": lazily(
                    lambda: self._gradient_penalty(critic, reals, fakes, noise, features=size)
                ),
                "projection_penalty": self._projection_penalty(critic, real, fake, noise),
            },
            {"score_gap": gap},
            (real, fake),
        )

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, -f(E(fakes))."""
        seen = critic.encode(fakes)
        return Terms({"generator": -critic.score(seen)}, seen=(seen,))

    def _gradient_penalty(self, critic, reals, fakes, noise, features):
        """lambda_1 ||grad_X f(E(X))||^2 at points X between reals and fakes: [N].

        Or, as equation 5.3 prints it, lambda_1 ||grad_X E(X)||^2 (docs/losses.md compares them):
        the squared Frobenius norm of the Jacobian of E, estimated without bias by one backward
        pass, E_v ||grad_X v'E(X)||^2 with v ~ N(0, I).
        """
        points = between(reals.clips, fakes.clips, noise.uniform(1, 1, 1, 1))
        points = reals._replace(clips=points)
        if self.gradient_of == "score":
            return self.gradient_weight * squared_norm(score_gradient(critic, points))
        direction = noise.normal(features)

        def along_direction(clips):
            values = critic.encode(points._replace(clips=clips)).values
            return tf.reduce_sum(values * direction, -1)

        weight = self.gradient_weight / features if self.scaled else self.gradient_weight
        return weight * squared_norm(gradient(along_direction, points.clips))

    def _projection_penalty(self, critic, real, fake, noise):
        """lambda_2 (||grad_Y f(Y)|| - k)^2 at points Y between encoded reals and fakes: [N]."""
        points = between(
            tf.stop_gradient(real.values), tf.stop_gradient(fake.values), noise.uniform(1)
        )
        slopes = gradient(lambda y: critic.score(real._replace(values=y)), points)
        size = points.shape[-1]
        target = self.projection_norm / math.sqrt(size) if self.scaled else self.projection_norm
        return self.projection_weight * tf.square(norm(slopes) - target)
