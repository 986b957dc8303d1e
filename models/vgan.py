"""VGAN: "Generating Videos with Scene Dynamics", Vondrick, Pirsiavash, Torralba, NIPS 2016."""

from typing import cast

import tensorflow as tf

from config import Config
from losses.loss import Terms
from models.fixed import FixedModel
from models.model import Average, Part, Update
from models.settings import VGANSettings
from networks.strided import StridedCritic
from networks.vgan import VGANGenerator, vgan_critic


class VGAN(FixedModel):
    """A generator of one or two streams, `G`, and one critic, `D`."""

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> VGANGenerator:
        """The generator of a foreground, and of a background and a mask in two streams."""
        own, shape = _settings(config), config.ladder[-1].shape
        return VGANGenerator(shape, own.latent_size, own.maps, own.streams, name=name)

    @classmethod
    def critics(cls, config: Config) -> dict[str, StridedCritic]:
        """One, of clips."""
        return {"D": vgan_critic(config.ladder[-1].shape, _settings(config).maps, name="D")}

    def steps(self) -> tuple[Update | Average, ...]:
        """The critic, then the generator."""
        masked = ("mask",) if _settings(self.config).streams == 2 else ()
        return (
            Update("D", ("D",), self._critic_terms, ("critic", "score_gap"), role="critic"),
            Update("G", ("G",), self._generator_terms, ("generator", *masked), role="generator"),
            *self.averages(),
        )

    def _critic_terms(self, part: Part) -> Terms:
        """Cross entropy of the two logits, of which only the difference matters."""
        real, fake = self._score(part.reals.clips), self._score(self.fakes(part).clips)
        return Terms(
            {"critic": tf.nn.softplus(-real) + tf.nn.softplus(fake)}, {"score_gap": real - fake}
        )

    def _generator_terms(self, part: Part) -> Terms:
        """Not saturating; the mask is drawn to 0, so that the background shows where it can.

        The paper weighs the norm |m|_1. Its code divides it by the number of elements.
        """
        streams = self.networks["G"].streams(self.draw(part.noise, part.reals), training=True)
        terms = {"generator": tf.nn.softplus(-self._score(streams["clip"]))}
        if "mask" in streams:
            size = tf.reduce_mean(tf.abs(streams["mask"]), [1, 2, 3, 4])
            terms["mask"] = _settings(self.config).mask_weight * size
        return Terms(terms)

    def _score(self, clips):
        """The logit of "real" minus that of "fake", [N]."""
        logits = self.networks["D"](clips)[:, 0, 0, 0]
        return logits[:, 1] - logits[:, 0]


def _settings(config: Config) -> VGANSettings:
    return cast(VGANSettings, config.model)
