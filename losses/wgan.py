"""The Wasserstein loss with weight clipping: equation 2.6 of the thesis."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from losses.loss import Critic, Loss, Noise, Terms
from losses.penalties import at_once, encode_both
from support.deferred import tf
from support.settings import check_settings, setting

if TYPE_CHECKING:
    import keras

    from dataset.batch import Batch
    from losses.loss import Lazily


@dataclasses.dataclass(frozen=True)
class WGAN(Loss):
    """Settings of the Wasserstein loss with weight clipping, and the loss itself.

    The published bound, 0.01, is for layers that use their weights as they are stored. Equalized
    layers store N(0, 1) and multiply it by gain / sqrt(fan in), about 0.02. With effective weights
    below 0.01, the scores of a progressive critic of 16 layers differ by 1e-12 between clips, far
    below the epsilon of Adam. At the default they differ by 2e-3, nearly as without a bound.
    """

    kind: str = "wgan"
    clip: float = setting(
        2.0, "bound of the critic's weights; 0.01, as published, silences equalized layers", above=0
    )
    clip_of: str = setting(
        "stored",
        "weights as they are stored, or times the factor of equalized layers",
        choices=("stored", "effective"),
    )
    critic_steps: int = setting(5, "updates of the critic per update of the generator", above=0)

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("critic", "score_gap")
    generator_terms: ClassVar[tuple[str, ...]] = ("generator",)

    def __post_init__(self):
        check_settings("loss", self)

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily = at_once
    ) -> Terms:
        """What the critic minimises: the negative of equation 2.6's maximum."""
        seen = encode_both(critic, reals, fakes)
        real, fake = map(critic.score, seen)
        return Terms({"critic": fake - real}, {"score_gap": real - fake}, seen)

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises: {"generator": [N]}, the negated score."""
        seen = critic.encode(fakes)
        return Terms({"generator": -critic.score(seen)}, seen=(seen,))

    def constrain(self, weights: Iterable[tuple[keras.Variable, float]]):
        """Clips the critic's weights, biases included."""
        for variable, factor in weights:
            bound = self.clip / factor if self.clip_of == "effective" else self.clip
            variable.assign(tf.clip_by_value(variable.value, -bound, bound))
