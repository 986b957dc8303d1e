"""TGAN: "Temporal Generative Adversarial Nets with Singular Value Clipping", ICCV 2017."""

from collections.abc import Callable
from typing import cast

import keras
import tensorflow as tf

from config import Config
from losses.loss import Terms
from models.fixed import FixedModel, mean_output
from models.model import Average, Part, Update
from models.settings import TGANSettings
from networks.conditions import with_class_maps
from networks.singular import clip_singular_values
from networks.strided import StridedCritic
from networks.tgan import TGANGenerator, one_hot, tgan_critic

_NOISE = 0.3  # deviation, before each activation of the critic in the vanilla variant
# What critic and generator minimise, of scores [N] of reals and fakes.
_WASSERSTEIN = (lambda real, fake: fake - real, lambda fake: -fake)
_LOSSES = {
    "svc": _WASSERSTEIN,
    "clip": _WASSERSTEIN,
    "vanilla": (
        lambda real, fake: tf.nn.softplus(-real) + tf.nn.softplus(fake),
        lambda fake: tf.nn.softplus(-fake),
    ),
    "lsgan": (lambda real, fake: (real - 1) ** 2 + (fake + 1) ** 2, tf.square),
}


class TGAN(FixedModel):
    """A generator of latents in time and pictures of them, `G`, and one critic, `D`.

    With labels it is the paper's conditional TGAN: the critic sees a map per class. Its code has
    pixels of (x - 128) / 128; here they are x / 127.5 - 1, half a grey level off.
    """

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> TGANGenerator:
        """The temporal generator and the image generator."""
        own, shape = _settings(config), config.ladder[-1].shape
        return TGANGenerator(shape, own.latent_size, own.maps, config.num_classes, name=name)

    @classmethod
    def critics(cls, config: Config) -> dict[str, StridedCritic]:
        """One, of clips."""
        shape, maps = config.ladder[-1].shape, _settings(config).maps
        return {"D": tgan_critic(shape, maps, config.num_classes, name="D")}

    def steps(self) -> tuple[Update | Average, ...]:
        """The generator, then the critic, whose weights are bounded after it."""
        critic = ("critic", "score_gap")
        return (
            Update(
                "G", ("G",), self._generator_terms, ("generator",), "generator", optimizer=_rmsprop
            ),
            Update(
                "D",
                ("D",),
                self._critic_terms,
                critic,
                "critic",
                after=self._bound(),
                optimizer=_rmsprop,
            ),
            *self.averages(),
        )

    def _critic_terms(self, part: Part) -> Terms:
        """Equation 2.6, or the cross entropy or the least squares of the variant."""
        real, fake = (self._score(batch, part) for batch in (part.reals, self.fakes(part)))
        loss, _ = _LOSSES[_settings(self.config).variant]
        return Terms({"critic": loss(real, fake)}, {"score_gap": real - fake})

    def _generator_terms(self, part: Part) -> Terms:
        _, loss = _LOSSES[_settings(self.config).variant]
        return Terms({"generator": loss(self._score(self.fakes(part), part))})

    def _score(self, batch, part):
        clips, classes = batch.clips, self.config.num_classes
        if classes:
            clips = with_class_maps(clips, one_hot(batch.labels, classes))
        if _settings(self.config).variant != "vanilla":
            return mean_output(self.networks["D"](clips))

        def add_noise(maps):
            return maps + _NOISE * part.noise.normal(*maps.shape[1:])

        return mean_output(self.networks["D"](clips, before_activation=add_noise))

    def _bound(self) -> Callable[[tf.Tensor], None] | None:
        """What is done after an update of the critic."""
        rules = {"svc": self._clip_singular_values, "clip": self._clip_weights}
        return rules.get(_settings(self.config).variant)

    def _clip_weights(self, step: tf.Tensor):
        bound = _settings(self.config).clip
        for variable in self.networks["D"].trainable_variables:
            variable.assign(tf.clip_by_value(variable.value, -bound, bound))

    def _clip_singular_values(self, step: tf.Tensor):
        due = tf.equal(step % _settings(self.config).svc_every, 0)
        for layer in self.networks["D"].live_layers(None):
            if isinstance(layer, keras.layers.BatchNormalization):
                deviation = tf.sqrt(layer.moving_variance.value)
                scale = tf.clip_by_value(layer.gamma.value, 0.01 * deviation, deviation)
                layer.gamma.assign(tf.where(due, scale, layer.gamma.value))
            else:
                kernel = layer.kernel.value
                clipped = tf.cond(due, lambda k=kernel: clip_singular_values(k), lambda k=kernel: k)
                layer.kernel.assign(clipped)


def _rmsprop() -> keras.optimizers.Optimizer:
    """Chainer's: rho 0.99, and 1e-8 added to the root; Keras adds its epsilon below the root."""
    return keras.optimizers.RMSprop(rho=0.99, epsilon=1e-16)


def _settings(config: Config) -> TGANSettings:
    return cast(TGANSettings, config.model)
