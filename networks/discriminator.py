"""The discriminator: the encoder of Table A.2, all rungs in one set of variables, and a head."""

import math

import keras
import tensorflow as tf

from config import Network
from growth.ladder import Ladder
from growth.phase import Lod
from growth.resample import downscale, fade
from networks.conditions import Projection, with_class_maps
from networks.layers import (
    EqualizedConv3D,
    EqualizedDense,
    at_least_float32,
    leaky_relu,
    minibatch_stddev,
)
from networks.sliced import ScalarHead, SlicedHead

HEADS: dict[str, type[SlicedHead | ScalarHead]] = {"sliced": SlicedHead, "scalar": ScalarHead}


class Discriminator(keras.Model):
    """Encoder and head.

    Args:
        ladder: the sizes it grows through.
        network: the rest of its settings.
        head: "sliced" (equation 5.2) or "scalar" (the last row of Table A.2).
    """

    def __init__(self, ladder: Ladder, network: Network, head: str, **kwargs):
        super().__init__(**kwargs)
        classes, size = network.num_classes, network.latent_size
        form = network.labels if classes else "none"
        self.encoder = Encoder(ladder, network, name="encoder")
        own = {"classes": classes} if form == "slices" else {}
        self.head = HEADS[head](size, **own, name="head")
        self.projection: Projection | None = None
        self.classifier: EqualizedDense | None = None
        if form == "projection":
            mean = head == "sliced"
            self.projection = Projection(classes, size, mean, name="projection")
        if form == "head":
            self.classifier = EqualizedDense(size, (classes,), gain=1.0, name="classifier")
        self.built = True

    def score(self, features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Features [N, K] and the labels [N] of their clips -> scores [N]."""
        scores = self.head(features, labels)
        return scores + self.projection(features, labels) if self.projection else scores

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a critic at `lod` uses."""
        return [*self.encoder.live_layers(lod), *self._heads()]

    def _heads(self):
        return [layer for layer in (self.head, self.projection, self.classifier) if layer]

    def table(self) -> list[tuple[str, tuple[int, int, int, int], int]]:
        """Rows of Table A.2 for the full clip: (name, C x T x H x W, parameters)."""
        return [
            *self.encoder.table(),
            (self.head.title, (1, 1, 1, 1), sum(layer.count_params() for layer in self._heads())),
        ]


class Encoder(keras.Model):
    """Clips at any level of the ladder to K values, the mirror of the generator.

    A block that shrinks is conv, downscale, bias, leaky ReLU in this order, so that its plain and
    its fused form are the same function.
    """

    def __init__(self, ladder: Ladder, network: Network, **kwargs):
        super().__init__(**kwargs)
        self.ladder, maps = ladder, [rung.feature_maps for rung in ladder]
        dtype, fused = network.precision, network.fused_resample
        self.classes = network.num_classes if network.labels == "concat" else 0
        colours = 3 + self.classes + 1 if self.classes else 3
        self.from_rgb = [
            EqualizedConv3D(colours, m, size=1, dtype=dtype, name=f"from_rgb{i}")
            for i, m in enumerate(maps)
        ]
        self.blocks = [
            EncoderBlock(
                maps[i], maps[i - 1], ladder.factors(i), fused, dtype=dtype, name=f"block{i}"
            )
            for i in range(1, len(ladder))
        ]
        self.conv = EqualizedConv3D(maps[0] + 1, maps[0], dtype=dtype, name="base_conv")
        inputs = maps[0] * math.prod(ladder[0].shape)
        self.dense = EqualizedDense(inputs, (network.latent_size,), gain=1.0, name="dense")
        self.built = True

    def call(
        self, clips: tf.Tensor, labels: tf.Tensor | None = None, *, lod: Lod, group: int = 1
    ) -> tf.Tensor:
        """Encodes clips.

        Args:
            clips: [N, T, H, W, 3] in [-1, 1] at the level's size.
            labels: of the clips, [N]; used with `network.labels=concat` alone.
            lod: the level, and its weight while it fades in.
            group: consecutive clips over which the minibatch standard deviation is taken.

        Returns:
            [N, K], linear.
        """
        if self.classes:
            clips = with_class_maps(clips, labels, self.classes)
        x = leaky_relu(self.from_rgb[lod.level](clips))
        for i in range(lod.level, 0, -1):
            x = self.blocks[i - 1](x)
            if i == lod.level and lod.fading:
                coarse = downscale(clips, self.ladder.factors(i))
                x = fade(leaky_relu(self.from_rgb[i - 1](coarse)), x, lod.weight)
        x = leaky_relu(self.conv(x, minibatch_stddev(x, group)))
        return self.dense(at_least_float32(x))

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a call at `lod` uses."""
        rgb = [self.from_rgb[lod.level]] + ([self.from_rgb[lod.level - 1]] if lod.fading else [])
        return [*rgb, *self.blocks[: lod.level], self.conv, self.dense]

    def table(self) -> list[tuple[str, tuple[int, int, int, int], int]]:
        """Rows of Table A.2 down to the K values: (name, C x T x H x W, parameters)."""
        rungs = list(self.ladder)[::-1]
        shape = (rungs[0].feature_maps, *rungs[0].shape)
        rows = [("Input clip", (3, *rungs[0].shape), 0)]
        rows += [("Conv 1x1x1", shape, self.from_rgb[-1].count_params())]
        for block, fine, coarse in zip(self.blocks[::-1], rungs, rungs[1:], strict=False):
            maps = coarse.feature_maps
            rows += [
                ("Conv 3x3x3", (fine.feature_maps, *fine.shape), block.conv0.count_params()),
                ("Conv 3x3x3", (maps, *fine.shape), block.conv1.count_params()),
                ("Downsample", (maps, *coarse.shape), 0),
            ]
        maps, shape = rungs[-1].feature_maps, rungs[-1].shape
        return [
            *rows,
            ("Minibatch stddev", (maps + 1, *shape), 0),
            ("Conv 3x3x3", (maps, *shape), self.conv.count_params()),
            ("Fully connected", (*self.dense.outputs, 1, 1, 1), self.dense.count_params()),
        ]


class EncoderBlock(keras.layers.Layer):
    """Conv, conv, downscale: one step down the ladder."""

    def __init__(self, inputs, outputs, factors, fused, **kwargs):
        super().__init__(autocast=False, **kwargs)
        dtype = self.dtype_policy
        self.conv0 = EqualizedConv3D(inputs, inputs, dtype=dtype, name="conv0")
        self.conv1 = EqualizedConv3D(
            inputs, outputs, downscale=factors, fused=fused, dtype=dtype, name="conv1"
        )
        self.built = True

    def call(self, x):
        x = leaky_relu(self.conv0(x))
        return leaky_relu(self.conv1(x))
