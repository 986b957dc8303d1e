"""The generator: Table A.1, every rung of it in one set of variables."""

import keras
import tensorflow as tf

from config import Network
from growth.ladder import Ladder
from growth.phase import Lod
from growth.resample import fade, upscale
from networks.conditions import ClassVectors
from networks.inputs import Inputs
from networks.layers import (
    RELU_GAIN,
    EqualizedConv3D,
    EqualizedDense,
    leaky_relu,
    pixel_norm,
)


class Generator(keras.Model):
    """Latents to clips at any level of the ladder.

    All layers of the full clip exist from the start; a call names the level, a Python integer, so
    that a traced step holds the live path alone and computes it at its own size.

    Args:
        ladder: the sizes it grows through.
        network: the rest of its settings.
    """

    def __init__(self, ladder: Ladder, network: Network, **kwargs):
        super().__init__(**kwargs)
        self.ladder, maps = ladder, [rung.feature_maps for rung in ladder]
        base, size, self.embedding = (*ladder[0].shape, maps[0]), network.latent_size, None
        if network.num_classes:
            self.embedding = ClassVectors(network.num_classes, size, name="embedding")
            size *= 2
        # The latents are on a sphere of radius sqrt(K), so a quarter of the gain suffices.
        self.dense = EqualizedDense(size, base, gain=RELU_GAIN / 4, name="dense")
        dtype, fused = network.precision, network.fused_resample
        self.conv = EqualizedConv3D(maps[0], maps[0], dtype=dtype, name="base_conv")
        self.blocks = [
            GeneratorBlock(
                maps[i - 1], maps[i], ladder.factors(i), fused, dtype=dtype, name=f"block{i}"
            )
            for i in range(1, len(ladder))
        ]
        self.to_rgb = [
            EqualizedConv3D(m, 3, size=1, gain=1.0, name=f"to_rgb{i}") for i, m in enumerate(maps)
        ]
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod) -> tf.Tensor:
        """Makes clips.

        Args:
            inputs: N latents; their length does not matter (they are pixel-normalised). A network
                of classes needs the labels too.
            lod: the level, and its weight while it fades in.

        Returns:
            [N, T, H, W, 3] at the level's size, linear, about [-1, 1].
        """
        x = pixel_norm(leaky_relu(self.dense(self._condition(inputs))))
        x = pixel_norm(leaky_relu(self.conv(x)))
        for block in self.blocks[: lod.level]:
            before, x = x, block(x)
        clips = self.to_rgb[lod.level](x)
        if not lod.fading:
            return clips
        coarse = upscale(self.to_rgb[lod.level - 1](before), self.ladder.factors(lod.level))
        return fade(coarse, clips, lod.weight)

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a call at `lod` uses."""
        rgb = [self.to_rgb[lod.level]] + ([self.to_rgb[lod.level - 1]] if lod.fading else [])
        first = [self.embedding] if self.embedding else []
        return [*first, self.dense, self.conv, *self.blocks[: lod.level], *rgb]

    def _condition(self, inputs):
        """[N, K] normalised latents, or [N, 2 K] with the vector of the label, equally long."""
        latents = pixel_norm(inputs.latents)
        if self.embedding is None:
            return latents
        if inputs.labels is None:
            raise ValueError("`inputs` should have labels for a generator of classes.")
        return tf.concat([latents, self.embedding(inputs.labels)], -1)

    def table(self) -> list[tuple[str, tuple[int, int, int, int], int]]:
        """Rows of Table A.1 for the full clip: (name, C x T x H x W, parameters)."""
        base = (self.ladder[0].feature_maps, *self.ladder[0].shape)
        inputs = {"Latent": 0}  # the parameters of each
        if self.embedding:
            inputs["Label"] = self.embedding.count_params()
        shape = (self.dense.kernel.shape[0] // len(inputs), 1, 1, 1)
        rows = [(name, shape, count) for name, count in inputs.items()]
        rows += [("Fully connected", base, self.dense.count_params())]
        rows += [("Conv 3x3x3", base, self.conv.count_params())]
        for block, rung, coarse in zip(
            self.blocks, list(self.ladder)[1:], self.ladder, strict=False
        ):
            shape = (rung.feature_maps, *rung.shape)
            rows += [
                ("Upsample", (coarse.feature_maps, *rung.shape), 0),
                ("Conv 3x3x3", shape, block.conv0.count_params()),
                ("Conv 3x3x3", shape, block.conv1.count_params()),
            ]
        shape = (3, *self.ladder[self.ladder.top].shape)
        return [*rows, ("Conv 1x1x1", shape, self.to_rgb[-1].count_params())]


class GeneratorBlock(keras.layers.Layer):
    """Upscale, conv, conv: one step up the ladder."""

    def __init__(
        self, inputs: int, outputs: int, factors: tuple[int, int, int], fused: bool, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        dtype = self.dtype_policy
        self.conv0 = EqualizedConv3D(
            inputs, outputs, upscale=factors, fused=fused, dtype=dtype, name="conv0"
        )
        self.conv1 = EqualizedConv3D(outputs, outputs, dtype=dtype, name="conv1")
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        x = pixel_norm(leaky_relu(self.conv0(x)))
        return pixel_norm(leaky_relu(self.conv1(x)))
