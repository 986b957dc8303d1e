"""The paper's model: a generator and a critic that grow together, and the generator's average."""

from config import Config
from dataset.batch import Batch
from losses.loss import Terms
from models.critic import PhaseCritic
from models.model import Average, Model, Part, Row, Update
from networks.discriminator import Discriminator
from networks.generator import Generator
from networks.layers import weight_factors

_LABEL_WEIGHT = 0.1  # of the label head's loss in the generator's, as in WGAN-GP


class Progressive(Model):
    """`G`, `D` and `Gs`, the running average of `G`, with the config's loss."""

    sampled = "Gs"

    def __init__(self, config: Config):
        super().__init__(config)
        G = self.generator(config, "G")
        D = Discriminator(config.ladder, config.network, config.loss.head, name="D")
        Gs = self.generator(config, "Gs")
        Gs.set_weights(G.get_weights())
        self.networks = {"G": G, "D": D, "Gs": Gs}

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> Generator:
        """The generator of Table A.1."""
        return Generator(config.ladder, config.network, name=name)

    def steps(self) -> tuple[Update | Average, ...]:
        """The critic, the running average, then the generator, as in ProGAN."""
        loss, D = self.config.loss, self.networks["D"]
        of_critic, of_generator = loss.critic_terms, loss.generator_terms
        if D.classifier:
            of_critic, of_generator = (*of_critic, "label_real"), (*of_generator, "label_fake")
        return (
            Update(
                "D",
                ("D",),
                self._critic_terms,
                of_critic,
                role="critic",
                after=lambda step: loss.constrain(weight_factors(D)),
            ),
            Average("Gs", of="G"),
            Update(
                "G",
                ("G",),
                self._generator_terms,
                of_generator,
                role="generator",
                every=loss.critic_steps,
            ),
        )

    def tables(self) -> dict[str, list[Row]]:
        """Tables A.1 and A.2 for the full clip, and the critic's head."""
        D = self.networks["D"]
        return {
            "Generator (Table A.1)": self.networks["G"].table(),
            "Encoder of the discriminator (Table A.2)": D.encoder.table(),
            "Discriminator": D.table()[-1:],
        }

    def _critic_terms(self, part: Part) -> Terms:
        critic = self._critic(part)
        terms = self.config.loss.discriminator_loss(
            critic, part.reals, self._fakes(part), part.noise, part.lazily
        )
        if self.networks["D"].classifier:
            terms.minimised["label_real"] = critic.label_loss(part.reals)
        return terms

    def _generator_terms(self, part: Part) -> Terms:
        critic, fakes = self._critic(part), self._fakes(part)
        terms = self.config.loss.generator_loss(critic, part.reals, fakes)
        if self.networks["D"].classifier:
            terms.minimised["label_fake"] = _LABEL_WEIGHT * critic.label_loss(fakes)
        return terms

    def _fakes(self, part):
        clips = self.networks["G"](self.draw(part.noise, part.reals), lod=part.lod)
        return Batch(clips, part.reals.labels)

    def _critic(self, part):
        group = min(self.config.network.stddev_group, part.count)
        return PhaseCritic(self.networks["D"], part.lod, group)
