"""iVGAN: "Improving Video Generation for Multi-functional Applications", Kratzwald et al., 2017."""

import dataclasses
from typing import cast

import tensorflow as tf

from config import Config
from dataset.batch import Batch
from losses.loss import Seen, Terms
from models.fixed import FixedModel
from models.model import Average, Part, Update
from models.settings import IVGANSettings
from networks.ivgan import IVGANCritic, IVGANGenerator
from networks.layers import weight_factors


@dataclasses.dataclass(frozen=True)
class FixedCritic:
    """A critic of clips of one size: a `losses.loss.Critic`."""

    network: IVGANCritic

    def encode(self, batch: Batch) -> Seen:
        """Clips [N, T, H, W, 3] to values [N, K]."""
        return Seen(self.network.encode(batch.clips), batch.labels)

    def score(self, seen: Seen) -> tf.Tensor:
        """Values [N, K] to scores [N]."""
        return self.network.score(seen.values)[:, 0]


class IVGAN(FixedModel):
    """One stream, `G`, and a critic with layer normalisation, `D`, for losses of one score."""

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> IVGANGenerator:
        """The generator of one stream."""
        own = _settings(config)
        return IVGANGenerator(config.ladder[-1].shape, own.latent_size, own.maps, name=name)

    @classmethod
    def critics(cls, config: Config) -> dict[str, IVGANCritic]:
        """One, of clips."""
        return {"D": IVGANCritic(config.ladder[-1].shape, _settings(config).maps, name="D")}

    def steps(self) -> tuple[Update | Average, ...]:
        """The critic at every step, and the generator at every few."""
        loss, every = self.config.loss, _settings(self.config).critic_steps
        return (
            Update(
                "D",
                ("D",),
                self._critic_terms,
                loss.critic_terms,
                "critic",
                after=lambda step: loss.constrain(weight_factors(self.networks["D"])),
            ),
            Update("G", ("G",), self._generator_terms, loss.generator_terms, "generator", every),
            *self.averages(),
        )

    def _critic_terms(self, part: Part) -> Terms:
        return self.config.loss.discriminator_loss(
            FixedCritic(self.networks["D"]), part.reals, self.fakes(part), part.noise, part.lazily
        )

    def _generator_terms(self, part: Part) -> Terms:
        critic = FixedCritic(self.networks["D"])
        return self.config.loss.generator_loss(critic, part.reals, self.fakes(part))


def _settings(config: Config) -> IVGANSettings:
    return cast(IVGANSettings, config.model)
