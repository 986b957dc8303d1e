"""The discriminator: the encoder of Table A.2, all rungs in one set of variables, and a head."""

import math

import keras
import tensorflow as tf

from config import Network
from growth.ladder import Ladder
from growth.phase import Lod
from growth.resample import downscale, fade
from networks.conditions import LABEL_HEADS, Projection, class_weights, with_class_maps
from networks.heads import HEADS
from networks.layers import (
    EqualizedConv3D,
    EqualizedDense,
    at_least_float32,
    leaky_relu,
    minibatch_stddev,
)
from networks.minibatch import MinibatchDiscrimination


class Discriminator(keras.Model):
    """Encoder and head.

    Args:
        ladder: the sizes it grows through.
        network: the rest of its settings.
        head: "sliced" (equation 5.2) or "scalar" (the last row of Table A.2).
        kernel: size of the convolutions in time, height and width.
    """

    def __init__(
        self,
        ladder: Ladder,
        network: Network,
        head: str,
        kernel: tuple[int, int, int] = (3, 3, 3),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.encoder = Encoder(ladder, network, kernel, name="encoder")
        classes, size = network.num_classes, self.encoder.size
        form = network.labels if classes else "none"
        own = {"classes": classes} if form == "slices" else {}
        self.head = HEADS[head](size, **own, name="head")
        self.projection: Projection | None = None
        self.classifier: EqualizedDense | None = None
        if form == "projection":
            mean = head == "sliced"
            self.projection = Projection(classes, size, mean, name="projection")
        if form in LABEL_HEADS:
            outputs = (classes * LABEL_HEADS[form],)
            self.classifier = EqualizedDense(size, outputs, gain=1.0, name="classifier")
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

    Attributes:
        size: K, with the values of minibatch discrimination if there are any.
    """

    def __init__(self, ladder: Ladder, network: Network, kernel: tuple[int, int, int], **kwargs):
        super().__init__(**kwargs)
        self.ladder, maps = ladder, [rung.feature_maps for rung in ladder]
        self.kernel, statistic = kernel, network.minibatch_statistic
        dtype, fused = network.precision, network.fused_resample
        self.classes = network.num_classes if network.labels == "concat" else 0
        colours = 3 + self.classes + 1 if self.classes else 3
        self.sums = network.rgb == "all"
        self.from_rgb = [
            EqualizedConv3D(colours, m, size=1, dtype=dtype, name=f"from_rgb{i}")
            for i, m in enumerate(maps)
        ]
        # A rung that adds to what the one below sees adds nothing at first, as in the generator.
        start = "zeros" if self.sums else "normal"
        self.blocks = [
            EncoderBlock(
                *(maps[i], maps[i - 1], kernel, ladder.factors(i), fused, start),
                dtype=dtype,
                name=f"block{i}",
            )
            for i in range(1, len(ladder))
        ]
        self.stddev_maps = 0 if statistic == "discrimination" else 1
        self.conv = EqualizedConv3D(
            maps[0] + self.stddev_maps, maps[0], size=kernel, dtype=dtype, name="base_conv"
        )
        inputs, self.size = maps[0] * math.prod(ladder[0].shape), network.latent_size
        self.dense = EqualizedDense(inputs, (self.size,), gain=1.0, name="dense")
        self.discrimination = None
        if statistic != "stddev":
            self.discrimination = MinibatchDiscrimination(self.size, name="discrimination")
            self.size += self.discrimination.bias.shape[0]
        self.built = True

    def call(
        self, clips: tf.Tensor, labels: tf.Tensor | None = None, *, lod: Lod, group: int = 1
    ) -> tf.Tensor:
        """Encodes clips.

        Args:
            clips: [N, T, H, W, 3] in [-1, 1] at the level's size.
            labels: of the clips, [N]; used with `network.labels=concat` alone.
            lod: the level, and its weight while it fades in.
            group: consecutive clips that are compared (minibatch standard deviation).

        Returns:
            [N, K], linear.
        """
        if self.classes:
            clips = with_class_maps(clips, class_weights(labels, self.classes))
        x = leaky_relu(self.from_rgb[lod.level](clips))
        for i in range(lod.level, 0, -1):
            x, fading_in = self.blocks[i - 1](x), i == lod.level and lod.fading
            if self.sums or fading_in:
                clips = downscale(clips, self.ladder.factors(i))
                coarse = leaky_relu(self.from_rgb[i - 1](clips))
                x = coarse + x if self.sums else x
                x = fade(coarse, x, lod.weight) if fading_in else x
        x = leaky_relu(self.conv(x, minibatch_stddev(x, group) if self.stddev_maps else None))
        values = self.dense(at_least_float32(x))
        return self.discrimination(values, group=group) if self.discrimination else values

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a call at `lod` uses."""
        rgb = [self.from_rgb[level] for level in lod.shown(self.sums)]
        layers = [*rgb, *self.blocks[: lod.level], self.conv, self.dense]
        return [*layers, self.discrimination] if self.discrimination else layers

    def table(self) -> list[tuple[str, tuple[int, int, int, int], int]]:
        """Rows of Table A.2 down to the K values: (name, C x T x H x W, parameters)."""
        rungs, conv = list(self.ladder)[::-1], f"Conv {'x'.join(map(str, self.kernel))}"
        shape = (rungs[0].feature_maps, *rungs[0].shape)
        rows = [("Input clip", (3, *rungs[0].shape), 0)]
        rows += [("Conv 1x1x1", shape, self.from_rgb[-1].count_params())]
        for block, fine, coarse in zip(self.blocks[::-1], rungs, rungs[1:], strict=False):
            maps = coarse.feature_maps
            rows += [
                (conv, (fine.feature_maps, *fine.shape), block.conv0.count_params()),
                (conv, (maps, *fine.shape), block.conv1.count_params()),
                ("Downsample", (maps, *coarse.shape), 0),
            ]
        maps, shape = rungs[-1].feature_maps, rungs[-1].shape
        if self.stddev_maps:
            rows += [("Minibatch stddev", (maps + 1, *shape), 0)]
        rows += [
            (conv, (maps, *shape), self.conv.count_params()),
            ("Fully connected", (*self.dense.outputs, 1, 1, 1), self.dense.count_params()),
        ]
        if self.discrimination:
            count = self.discrimination.count_params()
            rows += [("Minibatch discrimination", (self.size, 1, 1, 1), count)]
        return rows


class EncoderBlock(keras.layers.Layer):
    """Conv, conv, downscale: one step down the ladder."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int, int],
        factors: tuple[int, int, int],
        fused: bool,
        start: str = "normal",
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        dtype = self.dtype_policy
        self.conv0 = EqualizedConv3D(inputs, inputs, size=kernel, dtype=dtype, name="conv0")
        self.conv1 = EqualizedConv3D(
            *(inputs, outputs, kernel),
            downscale=factors,
            fused=fused,
            start=start,
            dtype=dtype,
            name="conv1",
        )
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = leaky_relu(self.conv0(x))
        return leaky_relu(self.conv1(x))
