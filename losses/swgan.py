"""The sliced Wasserstein loss: chapter 5 of the paper, equations 5.1 to 5.3.

A critic is f o E: an encoder E to K values and the sliced head f of equation 5.2. The critic is
handed in as an object with `encode(clips) -> [N, K]` and `score(features) -> [N]`; the noise as one
with `normal(*shape)` and `uniform(*shape)`, each giving [N, *shape]. Nothing here keeps state.
"""

import dataclasses
import math
from typing import ClassVar

import tensorflow as tf

from losses.penalties import at_once, between, encode_both, gradient, norm, squared_norm
from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class SWGAN:
    """Settings of the sliced Wasserstein loss, and the loss itself."""

    kind: str = "swgan"  # which loss these settings are of
    gradient_weight: float = 10.0  # lambda_1 of equation 5.3
    projection_weight: float = 10.0  # lambda_2 of equation 5.3
    projection_norm: float = 1.0  # k of equation 5.3
    gradient_of: str = "score"  # lambda_1 is on f o E ("score") or on E ("encoder", as in 5.3)
    scaled: bool = True  # divide lambda_1 of the encoder by K, and k by its root: alike at any K

    head: ClassVar[str] = "sliced"  # the critic's head that this loss needs
    terms: ClassVar[tuple[str, ...]] = ("critic", "gradient_penalty", "projection_penalty")

    def __post_init__(self):
        if self.gradient_of not in ("encoder", "score"):
            raise UserError(
                f"`loss.gradient_of` should be encoder or score. Received: {self.gradient_of}"
            )

    @classmethod
    def literal(cls) -> "SWGAN":
        """Equation 5.3 as it stands: lambda_1 on the whole squared norm of the Jacobian of E."""
        return cls(projection_norm=0.01, gradient_of="encoder", scaled=False)

    @classmethod
    def released(cls) -> "SWGAN":
        """The constants of the authors' released code, on true gradients.

        That code also multiplies the gradient by 1 - t (t is 0 at the real), which is left out.
        """
        return cls(gradient_weight=50.0, projection_norm=0.01, scaled=False)

    def discriminator_loss(
        self, critic, reals, fakes, noise, lazily=at_once
    ) -> dict[str, tf.Tensor]:
        """The terms that the critic minimises, a value a clip.

        Args:
            critic: has `encode` and `score`.
            reals, fakes: [N, T, H, W, C] float32 in [-1, 1].
            noise: has `normal` and `uniform`.
            lazily: takes a function that gives the gradient penalty [N], and gives what is added.

        Returns:
            A tensor [N] float32 for each of `terms`; their sum is the loss. Equation 5.3 with its
            signs turned: max_D becomes a minimum.
        """
        real_features, fake_features = encode_both(critic.encode, reals, fakes)
        size = real_features.shape[-1]
        return {
            "critic": critic.score(fake_features) - critic.score(real_features),
            "gradient_penalty": lazily(
                lambda: self._gradient_penalty(critic, reals, fakes, noise, features=size)
            ),
            "projection_penalty": self._projection_penalty(
                critic, real_features, fake_features, noise
            ),
        }

    def generator_loss(self, critic, fakes) -> dict[str, tf.Tensor]:
        """The term that the generator minimises: {"generator": [N]}, -f(E(fakes))."""
        return {"generator": -critic.score(critic.encode(fakes))}

    def _gradient_penalty(self, critic, reals, fakes, noise, features):
        """lambda_1 ||grad_X f(E(X))||^2 at points X between reals and fakes: [N].

        Or, as equation 5.3 prints it, lambda_1 ||grad_X E(X)||^2 (docs/losses.md compares them):
        the squared Frobenius norm of the Jacobian of E, estimated without bias by one backward
        pass, E_v ||grad_X v'E(X)||^2 with v ~ N(0, I).
        """
        clips = between(reals, fakes, noise.uniform(1, 1, 1, 1))
        if self.gradient_of == "score":
            slopes = gradient(lambda x: critic.score(critic.encode(x)), clips)
            return self.gradient_weight * squared_norm(slopes)
        direction = noise.normal(features)
        slopes = gradient(lambda x: tf.reduce_sum(critic.encode(x) * direction, -1), clips)
        weight = self.gradient_weight / features if self.scaled else self.gradient_weight
        return weight * squared_norm(slopes)

    def _projection_penalty(self, critic, real_features, fake_features, noise):
        """lambda_2 (||grad_Y f(Y)|| - k)^2 at points Y between encoded reals and fakes: [N]."""
        features = between(
            tf.stop_gradient(real_features), tf.stop_gradient(fake_features), noise.uniform(1)
        )
        slopes = gradient(critic.score, features)
        size = features.shape[-1]
        target = self.projection_norm / math.sqrt(size) if self.scaled else self.projection_norm
        return self.projection_weight * tf.square(norm(slopes) - target)
