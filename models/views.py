"""What a critic sees of a clip: the whole of it, some of its frames, or half of its size."""

import dataclasses

import tensorflow as tf

from config import Config
from dataset.batch import Batch
from growth.ladder import Ladder, Rung
from growth.phase import Lod
from growth.resample import downscale
from losses.loss import Critic, Noise, Seen
from models.critic import PhaseCritic
from networks.discriminator import Discriminator


class Clip:
    """The whole clip; base of the other views.

    Attributes:
        ladder: the sizes of the view, which its critic grows through.
        kernel: size of its critic's convolutions.
    """

    kernel = (3, 3, 3)

    def __init__(self, config: Config):
        self.config, self.clips = config, config.ladder
        maps = {rung.height: rung.feature_maps for rung in self.clips}
        shapes = [self.shape(rung) for rung in self.clips]
        distinct = list(dict.fromkeys(shapes))  # A view need not change at each rung of the clips.
        self.levels = [distinct.index(shape) for shape in shapes]
        self.ladder = Ladder(tuple(Rung(*shape, maps[shape[1]]) for shape in distinct))

    def shape(self, rung: Rung) -> tuple[int, int, int]:
        """Frames, height and width of the view of clips at a rung."""
        return rung.shape

    def lod(self, lod: Lod) -> Lod:
        """What the critic computes where the generator computes `lod`."""
        level = self.levels[lod.level]
        fades = lod.fading and level != self.levels[lod.level - 1]
        return Lod(level, lod.weight if fades else None)

    def __call__(self, batch: Batch, lod: Lod, noise: Noise) -> Batch:
        """The view of N clips at the size of `lod`."""
        return batch

    def critic(self, network: Discriminator, lod: Lod, group: int) -> Critic:
        """The network as a critic of what this view shows at `lod`."""
        return PhaseCritic(network, self.lod(lod), group)


class Half(Clip):
    """The clip at half its height and width; at the first rung, the clip as it is."""

    def shape(self, rung: Rung) -> tuple[int, int, int]:
        """Frames, height and width of the view of clips at a rung."""
        base = self.clips[0]
        return rung.frames, max(rung.height // 2, base.height), max(rung.width // 2, base.width)

    def __call__(self, batch: Batch, lod: Lod, noise: Noise) -> Batch:
        """The view of N clips at the size of `lod`: box averages."""
        rung = self.clips[lod.level]
        _, height, width = self.shape(rung)
        factors = (1, rung.height // height, rung.width // width)
        past = batch.past if batch.past is None else downscale(batch.past, factors)
        return batch._replace(clips=downscale(batch.clips, factors), past=past)


class Frames(Clip):
    """Some frames of each clip at full size, drawn without replacement and kept in order.

    Args:
        config: of the run.
        count: how many frames; of shorter clips all.
    """

    kernel = (1, 3, 3)

    def __init__(self, config: Config, count: int):
        super().__init__(config)
        self.count = count

    def shape(self, rung: Rung) -> tuple[int, int, int]:
        """One frame; the critic takes each of them as a clip of its own."""
        return 1, rung.height, rung.width

    def __call__(self, batch: Batch, lod: Lod, noise: Noise) -> Batch:
        """`count` frames of N clips, or all where there are no more; none of the past."""
        frames = batch.clips.shape[1]
        count = min(self.count, frames)
        chosen = tf.sort(tf.argsort(noise.uniform(frames), axis=1)[:, :count], axis=1)  # [NK]
        return Batch(tf.gather(batch.clips, chosen, batch_dims=1), batch.labels)

    def critic(self, network: Discriminator, lod: Lod, group: int) -> Critic:
        """The network as a critic of what this view shows at `lod`."""
        return FramesCritic(super().critic(network, lod, group), network.encoder.size)


@dataclasses.dataclass(frozen=True)
class FramesCritic:
    """A critic of single frames as a critic of F frames: a `losses.loss.Critic`.

    Its values are those of the frames one after the other, and its score is their mean score. (The
    sum of DVD-GAN is F times as large, and with it the gradient penalty.)

    Args:
        critic: of clips of one frame.
        size: K, the number of its values.
    """

    critic: Critic
    size: int

    def encode(self, batch: Batch) -> Seen:
        """Frames [N, F, H, W, 3] to values [N, F K]."""
        _, count, height, width, colours = batch.clips.shape
        frames = tf.transpose(batch.clips, [1, 0, 2, 3, 4])  # [FNHWC] Groups are of clips.
        frames = tf.reshape(frames, [-1, 1, height, width, colours])  # [(FN)1HWC]
        values = self.critic.encode(Batch(frames, tf.tile(batch.labels, [count]))).values
        values = tf.transpose(tf.reshape(values, [count, -1, self.size]), [1, 0, 2])  # [NFK]
        return Seen(tf.reshape(values, [-1, count * self.size]), batch.labels)

    def score(self, seen: Seen) -> tf.Tensor:
        """Values [N, F K] to scores [N]."""
        count = seen.values.shape[-1] // self.size
        values = tf.reshape(seen.values, [-1, self.size])  # [(NF)K]
        scores = self.critic.score(Seen(values, tf.repeat(seen.labels, count)))
        return tf.reduce_mean(tf.reshape(scores, [-1, count]), 1)
