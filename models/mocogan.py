"""MoCoGAN: "Decomposing Motion and Content for Video Generation", CVPR 2018."""

from collections.abc import Callable
from typing import cast

import tensorflow as tf

from config import Config
from dataset.batch import Batch
from losses.loss import Noise, Terms
from models.fixed import FixedModel, mean_output
from models.model import Average, Part, Update
from models.settings import MoCoGANSettings
from networks.inputs import Inputs
from networks.mocogan import MoCoGANGenerator, image_critic, video_critic
from networks.strided import StridedCritic


class MoCoGAN(FixedModel):
    """A generator `G`, a critic of single frames, `D_I`, and one of clips, `D_V`.

    `D_V` also learns the categories of reals, and `G` to make the one that it was given.
    """

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> MoCoGANGenerator:
        """The recurrent network and the generator of pictures."""
        own, height = _settings(config), config.ladder[-1].height
        sizes = (own.content, own.motion, own.categories)
        return MoCoGANGenerator(height, *sizes, own.category_in, own.maps, name=name)

    @classmethod
    def critics(cls, config: Config) -> dict[str, StridedCritic]:
        """One of pictures and one of clips."""
        own, height = _settings(config), config.ladder[-1].height
        return {
            "D_I": image_critic(height, own.maps, name="D_I"),
            "D_V": video_critic(height, own.categories, own.maps, name="D_V"),
        }

    def steps(self) -> tuple[Update | Average, ...]:
        """The critic of pictures, that of clips, then the generator, each with fakes of its own."""
        image = ("image_critic", "image_decay", "image_gap")
        video = ("video_critic", "video_decay", "video_gap", *self._if_any("category"))
        both = ("image_generator", "video_generator", "generator_decay")
        both += self._if_any("category_generator")
        return (
            Update("D_I", ("D_I",), self._image_terms, image, "critic"),
            Update("D_V", ("D_V",), self._video_terms, video, "critic"),
            Update("G", ("G",), self._generator_terms, both, "generator"),
            *self.averages(),
        )

    def _image_terms(self, part: Part) -> Terms:
        critic = self._noisy("D_I", part)
        real, fake = critic(self._frames(part.reals.clips, part)), critic(self._pictures(part))
        terms = {
            "image_critic": _cross_entropy(real, fake),
            "image_decay": self._decay("D_I", part),
        }
        return Terms(terms, {"image_gap": mean_output(real) - mean_output(fake)})

    def _video_terms(self, part: Part) -> Terms:
        critic = self._noisy("D_V", part)
        real, categories = _parts(critic(part.reals.clips))
        fake, _ = _parts(critic(self.fakes(part).clips))
        terms = {
            "video_critic": _cross_entropy(real, fake),
            "video_decay": self._decay("D_V", part),
        }
        if own := self._if_any("category"):
            labels = tf.one_hot(part.reals.labels, categories.shape[1])
            terms[own[0]] = self._category_loss(labels, categories)
        return Terms(terms, {"video_gap": mean_output(real) - mean_output(fake)})

    def _generator_terms(self, part: Part) -> Terms:
        """Not saturating, by both critics."""
        pictures, inputs = self._pictures(part), self.draw(part.noise, part.reals)
        clips = self.networks["G"](inputs, training=True)
        logits, categories = _parts(self._noisy("D_V", part)(clips))
        image = self._noisy("D_I", part)(pictures)
        terms = {
            "image_generator": mean_output(tf.nn.softplus(-image)),
            "video_generator": mean_output(tf.nn.softplus(-logits)),
            "generator_decay": self._decay("G", part),
        }
        if own := self._if_any("category_generator"):
            given = self.networks["G"].one_hot(inputs)
            terms[own[0]] = self._category_loss(given, categories)
        return Terms(terms)

    def draw(self, noise: Noise, reals: Batch) -> Inputs:
        """Latents whose categories are drawn too, independent of those of the reals."""
        return Inputs(noise.normal(self.config.latent_size))

    def _pictures(self, part):
        """A frame each of as many fake clips as there are reals; the others are not made."""
        codes = self.networks["G"].codes(self.draw(part.noise, part.reals))
        return self.networks["G"].pictures(self._frames(codes, part), training=True)

    def _frames(self, values, part):
        """One frame of each of `values` [N, T, ...], uniformly drawn."""
        frames = values.shape[1]
        index = tf.cast(part.noise.uniform() * frames, tf.int32)
        return tf.gather(values, tf.minimum(index, frames - 1), axis=1, batch_dims=1)

    def _noisy(self, name, part) -> Callable[[tf.Tensor], tf.Tensor]:
        """A critic with noise before each convolution but the last, where that is asked for."""
        critic, deviation = self.networks[name], _settings(self.config).noise
        if not deviation:
            return critic

        def add_noise(maps):
            return maps + deviation * part.noise.normal(*maps.shape[1:])

        return lambda clips: critic(clips, before_convolution=add_noise)

    def _decay(self, name, part):
        """L2 regularisation, [N]: its gradient is `weight_decay` times the weights."""
        weights = self.networks[name].trainable_variables
        squares = tf.add_n([tf.nn.l2_loss(weight.value) for weight in weights])
        return tf.fill([part.count], _settings(self.config).weight_decay * squares)

    def _category_loss(self, one_hot, logits):
        """Zero where a clip has no label."""
        loss = tf.nn.softmax_cross_entropy_with_logits(one_hot, logits)
        return _settings(self.config).category_weight * loss

    def _if_any(self, name):
        return (name,) if _settings(self.config).categories else ()


def _parts(outputs):
    """Outputs [N, T, 1, 1, 1 + C] of `D_V`: logits [N, T, 1], and C logits of categories [N, C]."""
    outputs = outputs[:, :, 0, 0]
    return outputs[..., :1], tf.reduce_mean(outputs[..., 1:], 1)


def _cross_entropy(real, fake):
    return mean_output(tf.nn.softplus(-real)) + mean_output(tf.nn.softplus(fake))


def _settings(config: Config) -> MoCoGANSettings:
    return cast(MoCoGANSettings, config.model)
