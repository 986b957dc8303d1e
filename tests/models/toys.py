"""A loss and a model of one's own, each as short as it can be, registered by the tests."""

import dataclasses
import math
from typing import ClassVar

import keras
import tensorflow as tf

from config import Config
from dataset.batch import Batch
from growth.phase import Lod
from losses.loss import Loss, Terms
from losses.penalties import at_once
from models.model import Average, Model, Update
from models.registry import CLASSES
from models.settings import MODELS, ModelSettings
from networks.inputs import Inputs
from support.settings import setting


@dataclasses.dataclass(frozen=True)
class ToyLoss(Loss):
    """The saturating GAN loss, with names of terms that no other loss has."""

    kind: str = "toy"
    weight: float = setting(0.1, "of the squared scores", minimum=0)

    head: ClassVar[str] = "scalar"
    critic_terms: ClassVar[tuple[str, ...]] = ("cross_entropy", "squared_scores", "accuracy")
    generator_terms: ClassVar[tuple[str, ...]] = ("fooling",)

    def discriminator_loss(self, critic, reals, fakes, noise, lazily=at_once):
        real, fake = (critic.score(critic.encode(batch)) for batch in (reals, fakes))
        correct = (tf.sign(real) - tf.sign(fake)) / 4 + 0.5
        return Terms(
            {
                "cross_entropy": tf.nn.softplus(-real) + tf.nn.softplus(fake),
                "squared_scores": lazily(lambda: self.weight * (real**2 + fake**2)),
            },
            {"accuracy": correct},
        )

    def generator_loss(self, critic, reals, fakes):
        return Terms({"fooling": tf.nn.softplus(-critic.score(critic.encode(fakes)))})


class Rungs(keras.Model):
    """A small network per level; nothing fades."""

    def __init__(self, networks: list[keras.Sequential], **kwargs):
        super().__init__(**kwargs)
        self.networks = networks
        self.built = True

    def live_layers(self, lod: Lod):
        return self.networks[lod.level].layers


class ToyGenerator(Rungs):
    """Latents to clips by a dense layer and batch normalisation per level."""

    def __init__(self, config: Config, **kwargs):
        shapes = [(*rung.shape, 3) for rung in config.ladder]
        size = config.latent_size
        super().__init__(
            [
                keras.Sequential(
                    [
                        keras.Input((size,)),
                        keras.layers.BatchNormalization(momentum=0.5, name=f"norm{level}"),
                        keras.layers.Dense(8, "relu", name=f"hidden{level}"),
                        keras.layers.Dense(math.prod(shape), name=f"out{level}"),
                        keras.layers.Reshape(shape),
                    ]
                )
                for level, shape in enumerate(shapes)
            ],
            **kwargs,
        )

    def call(self, inputs: Inputs, *, lod: Lod, training: bool = False):
        return self.networks[lod.level](inputs.latents, training=training)


class ToyCritic(Rungs):
    """Clips to one score by a dense layer per level."""

    def __init__(self, config: Config, **kwargs):
        shapes = [(*rung.shape, 3) for rung in config.ladder]
        super().__init__(
            [
                keras.Sequential(
                    [
                        keras.Input(shape),
                        keras.layers.Flatten(),
                        keras.layers.Dense(1, name=f"score{level}"),
                    ]
                )
                for level, shape in enumerate(shapes)
            ],
            **kwargs,
        )

    def call(self, clips: tf.Tensor, *, lod: Lod):
        return self.networks[lod.level](clips)[:, 0]


@dataclasses.dataclass(frozen=True)
class ToySettings(ModelSettings):
    """Settings of `ToyModel`."""

    kind: str = "toy"
    clip: float = setting(0.01, "largest weight of the critic", above=0)

    unused: ClassVar[tuple[str, ...]] = ("loss", "growth.feature_maps_max")

    def latent_parts(self, config):
        return {"shape": config.network.latent_size - 1, "colour": 1}


class ToyModel(Model):
    """A critic whose weights are clipped, every second step a generator, and its average."""

    sampled = "slow_generator"

    def __init__(self, config: Config):
        super().__init__(config)
        generator, slow = (self.generator(config, name) for name in ("generator", "slow_generator"))
        slow.set_weights(generator.get_weights())
        critic = ToyCritic(config, name="critic")
        self.networks = {"generator": generator, "critic": critic, "slow_generator": slow}

    @classmethod
    def generator(cls, config: Config, name: str = "generator"):
        return ToyGenerator(config, name=name)

    def steps(self):
        return (
            Update("critic", ("critic",), self._critic, ("gap",), "critic", after=self._clip),
            Update("maker", ("generator",), self._maker, ("minus_score",), "generator", every=2),
            Average("slow_generator", of="generator"),
        )

    def _fakes(self, part, training):
        inputs = self.draw(part.noise, part.reals)
        clips = self.networks["generator"](inputs, lod=part.lod, training=training)
        return Batch(clips, part.reals.labels)

    def _critic(self, part):
        critic, fakes = self.networks["critic"], self._fakes(part, training=False)
        fake, real = (critic(batch.clips, lod=part.lod) for batch in (fakes, part.reals))
        return Terms({"gap": fake - real})

    def _maker(self, part):
        fakes = self._fakes(part, training=True)
        return Terms({"minus_score": -self.networks["critic"](fakes.clips, lod=part.lod)})

    def _clip(self, step):
        clip = self.config.model.clip
        for variable in self.networks["critic"].trainable_variables:
            variable.assign(tf.clip_by_value(variable.value, -clip, clip))


def register_toy(monkeypatch):
    """Makes `--set model=toy` choose `ToyModel`."""
    monkeypatch.setitem(MODELS, "toy", ToySettings)
    monkeypatch.setitem(CLASSES, ToySettings, ToyModel)
