"""The paper's model: a generator and a critic that grow together, and the generator's average."""

import keras

from config import Config
from growth.phase import Lod
from losses.labels import LABEL_LOSSES
from losses.loss import Terms
from losses.reconstruction import reconstruction, terms_of
from models.model import Average, Model, Part, Row, Update
from models.views import Clip
from networks.discriminator import Discriminator
from networks.generator import Generator
from networks.layers import weight_factors


class Progressive(Model):
    """`G`, `D` and `Gs`, the running average of `G`, with the config's loss.

    With `prediction.past`, the critic sees the past before reals and fakes, and the generator is
    drawn to what followed it. Without `prediction.critic` there is no `D`.
    """

    sampled = "Gs"

    def __init__(self, config: Config):
        super().__init__(config)
        network = config.network
        self._views = self.views(config) if config.prediction.has_critic else {}
        self._label_loss = LABEL_LOSSES.get(network.labels) if network.num_classes else None
        G = self.generator(config, "G")
        critics = {
            name: Discriminator(view.ladder, network, config.loss.head, view.kernel, name=name)
            for name, view in self._views.items()
        }
        Gs = self.generator(config, "Gs")
        Gs.set_weights(G.get_weights())
        self.networks = {"G": G, **critics, "Gs": Gs}

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> Generator:
        """The generator of Table A.1."""
        return Generator(config.ladder, config.network, config.prediction, name=name)

    @staticmethod
    def views(config: Config) -> dict[str, Clip]:
        """The critics by name, each with its view of a clip."""
        return {"D": Clip(config)}

    def live(self, name: str, lod: Lod) -> list[keras.layers.Layer]:
        """The layers of the network `name` that are used at `lod`."""
        return super().live(name, self._views[name].lod(lod) if name in self._views else lod)

    def steps(self) -> tuple[Update | Average, ...]:
        """The critics, the running average, then the generator, as in ProGAN."""
        loss = self.config.loss
        of_critic, of_generator = loss.critic_terms, loss.generator_terms
        if self._label_loss:
            of_critic, of_generator = (*of_critic, "label_D"), (*of_generator, "label_G")
        critics = Update(
            "D",
            tuple(self._views),
            self._critic_terms,
            self._names(of_critic),
            role="critic",
            after=lambda step: self._constrain(),
        )
        generator = Update(
            "G",
            ("G",),
            self._generator_terms,
            (*self._names(of_generator), *terms_of(self.config.prediction.weights)),
            role="generator",
            every=loss.critic_steps if self._views else 1,
        )
        return (*([critics] if self._views else []), Average("Gs", of="G"), generator)

    def tables(self) -> dict[str, list[Row]]:
        """Tables A.1 and A.2 for the full clip, and the heads of the critics."""
        tables = {"Generator (Table A.1)": self.networks["G"].table()}
        for name in self._views:
            D, of = self.networks[name], "the discriminator" if len(self._views) == 1 else name
            tables[f"Encoder of {of} (Table A.2)"] = D.encoder.table()
            tables["Discriminator" if len(self._views) == 1 else name] = D.table()[-1:]
        return tables

    def _critic_terms(self, part: Part) -> Terms:
        def terms(critic, reals, fakes):
            loss = self.config.loss
            terms = loss.discriminator_loss(critic, reals, fakes, part.noise, part.lazily)
            if self._label_loss:
                terms.minimised["label_D"] = self._label_loss.critic_term(critic, *terms.seen)
            return terms

        return self._terms(part, self._fakes(part), terms)

    def _generator_terms(self, part: Part) -> Terms:
        def terms(critic, reals, fakes):
            terms = self.config.loss.generator_loss(critic, reals, fakes)
            if self._label_loss:
                terms.minimised["label_G"] = self._label_loss.generator_term(critic, *terms.seen)
            return terms

        fakes = self._fakes(part)
        of_critics = self._terms(part, fakes, terms)
        weights = self.config.prediction.weights
        of_futures = reconstruction(weights, part.reals, fakes)
        return Terms(of_critics.minimised | of_futures, of_critics.watched)

    def _terms(self, part, fakes, loss):
        """The terms `loss(critic, reals, fakes)` of all critics, each on its own view of clips."""
        minimised, watched = {}, {}
        group = min(self.config.network.stddev_group, part.count)
        for name, view in self._views.items():
            critic = view.critic(self.networks[name], part.lod, group)
            seen = [view(batch, part.lod, part.noise) for batch in (part.reals, fakes)]
            terms = loss(critic, *seen)
            minimised |= {self._name(name, term): v for term, v in terms.minimised.items()}
            watched |= {self._name(name, term): v for term, v in terms.watched.items()}
        return Terms(minimised, watched)

    def _names(self, terms):
        return tuple(self._name(critic, term) for critic in self._views for term in terms)

    def _name(self, critic, term):
        return term if len(self._views) == 1 else f"{critic.removeprefix('D_')}_{term}"

    def _fakes(self, part):
        clips = self.networks["G"](self.draw(part.noise, part.reals), lod=part.lod)
        past = part.reals.past
        return part.reals._replace(clips=clips if past is None else clips[:, past.shape[1] :])

    def _constrain(self):
        for name in self._views:
            self.config.loss.constrain(weight_factors(self.networks[name]))
