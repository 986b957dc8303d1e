"""The generator: Table A.1, every rung of it in one set of variables."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from config import Network, Prediction
from growth.ladder import Ladder
from growth.phase import Lod
from growth.resample import fade, upscale
from networks.conditions import ClassBias, ClassVectors, for_layer_per_class
from networks.inputs import Inputs
from networks.layers import (
    RELU_GAIN,
    EqualizedConv3D,
    EqualizedDense,
    leaky_relu,
    pixel_norm,
)
from networks.past import ENCODERS, at_all_levels

_NOTHING_GIVEN = Prediction()
Pasts = Sequence[tf.Tensor | None]  # at each level up to one; None where nothing is given


class Generator(keras.Model):
    """Latents to clips at any level of the ladder.

    All layers of the full clip exist from the start; a call names the level, a Python integer, so
    that a traced step holds the live path alone and computes it at its own size.

    Args:
        ladder: the sizes it grows through.
        network: the rest of its settings.
        prediction: the past that it continues, if any.
    """

    def __init__(
        self,
        ladder: Ladder,
        network: Network,
        prediction: Prediction = _NOTHING_GIVEN,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.ladder, maps = ladder, [rung.feature_maps for rung in ladder]
        base, self.size = (*ladder[0].shape, maps[0]), network.latent_size
        size, self.classes, self.embedding = self.size, network.num_classes, None
        if self.classes and network.class_input == "vector":
            self.embedding = ClassVectors(self.classes, size, name="embedding")
            size *= 2
        elif self.classes:
            size = (self.classes + 1) * (size + 1)
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
        self.class_bias = [
            ClassBias(self.classes, maps[i], name=f"class_bias{i}")
            for i in range(1, len(ladder) if self.classes and network.class_bias else 0)
        ]
        self.sums = network.rgb == "all"
        # A rung that adds to the one below adds nothing at first, so that growing changes nothing.
        start = ["normal", *["zeros" if self.sums else "normal" for _ in self.blocks]]
        self.masks = bool(prediction.past and prediction.from_last and prediction.mask)
        colours = 4 if self.masks else 3
        self.to_rgb = [
            EqualizedConv3D(m, colours, size=1, gain=1.0, start=start[i], name=f"to_rgb{i}")
            for i, m in enumerate(maps)
        ]
        self.prediction, encoder = prediction, ENCODERS[prediction.encoder]
        given = [ladder.past_frames(prediction.past, i) for i in range(len(ladder))]
        self.without_past = given.count(0)  # the coarsest levels, which are given nothing
        self.from_past = [
            encoder(given[i], ladder[i], dtype=dtype, name=f"from_past{i}")
            for i in range(self.without_past, len(ladder))
        ]
        self.built = True

    def call(self, inputs: Inputs, *, lod: Lod) -> tf.Tensor:
        """Makes clips.

        Args:
            inputs: N latents; their length does not matter (they are pixel-normalised). A network
                of classes needs the labels too, and one that predicts the past at the level.
            lod: the level, and its weight while it fades in.

        Returns:
            [N, T, H, W, 3] at the level's size, linear, about [-1, 1]. They begin with the past.
        """
        pasts = self._pasts(inputs, lod.level)
        return self.grow(self.features(inputs, pasts), lod, pasts, inputs.labels)

    def features(self, inputs: Inputs, pasts: Pasts = (None,)) -> tf.Tensor:
        """The features of the first layer, [N, T, H, W, C] at the size of the first rung."""
        x = _add(self.dense(self._condition(inputs)), self._from_past(0, pasts))
        return pixel_norm(leaky_relu(x))

    def grow(
        self, features: tf.Tensor, lod: Lod, pasts: Pasts = (), labels: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The clips that a call makes of the features of its first layer.

        Args:
            features: [N, T, H, W, C].
            lod: the level, and its weight while it fades in.
            pasts: the past at each level up to that one; by default none is given.
            labels: of the clips, for a network with biases per class.
        """
        pasts = pasts or (None,) * (lod.level + 1)
        maps = [pixel_norm(leaky_relu(self.conv(features)))]
        for level, block in enumerate(self.blocks[: lod.level], start=1):
            shift = self._from_past(level, pasts)
            if self.class_bias:
                shift = _add(self.class_bias[level - 1](labels), shift)
            maps.append(block(maps[-1], shift))
        clips = self._clips(maps, pasts)
        if lod.fading:
            coarse = upscale(self._clips(maps[:-1], pasts), self.ladder.factors(lod.level))
            clips = fade(coarse, clips, lod.weight)
        if (past := pasts[-1]) is None:
            return clips
        return tf.concat([past, clips[:, past.shape[1] :]], 1)

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a call at `lod` uses."""
        rgb = [self.to_rgb[level] for level in lod.shown(self.sums)]
        first = [self.embedding] if self.embedding else []
        past = self.from_past[: max(lod.level + 1 - self.without_past, 0)]
        per_class = self.class_bias[: lod.level]
        return [*first, self.dense, self.conv, *self.blocks[: lod.level], *rgb, *past, *per_class]

    def _pasts(self, inputs, level):
        """The past at all levels up to this one; None at those that are given none."""
        given = self.ladder.past_frames(self.prediction.past, level)
        found = 0 if inputs.past is None else inputs.past.shape[1]
        if found != given:
            raise ValueError(f"`inputs.past` should be {given} frames. Received: {found}")
        return at_all_levels(inputs.past, self.ladder, level)

    def _from_past(self, level, pasts):
        """What the past adds to the maps of a level; None where nothing is given."""
        past = pasts[level]
        return None if past is None else self.from_past[level - self.without_past](past)

    def _clips(self, maps, pasts):
        """The clips at the level of the last of `maps`, made of these or of all, summed."""
        level, clips = len(maps) - 1, None
        for i in range(level + 1) if self.sums else [level]:
            colours = self.to_rgb[i](maps[i])
            if clips is not None:
                colours += upscale(clips, self.ladder.factors(i))
            clips = colours
        if self.masks:
            clips, mask = tf.split(clips, [3, 1], -1)
        past = pasts[level]
        if past is None or not self.prediction.from_last:
            return clips
        last = past[:, -1:]
        return fade(last, clips, tf.sigmoid(mask)) if self.masks else clips + last

    def _condition(self, inputs):
        """What the first layer takes: the normalised latents [N, K], and the label if any."""
        latents = inputs.latents if self.prediction.has_critic else tf.zeros_like(inputs.latents)
        latents = pixel_norm(latents)
        if not self.classes:
            return latents
        if inputs.labels is None:
            raise ValueError("`inputs` should have labels for a generator of classes.")
        if self.embedding is None:
            return for_layer_per_class(latents, inputs.labels, self.classes)
        return tf.concat([latents, self.embedding(inputs.labels)], -1)

    def table(self) -> list[tuple[str, tuple[int, int, int, int], int]]:
        """Rows of Table A.1 for the full clip: (name, C x T x H x W, parameters)."""
        base = (self.ladder[0].feature_maps, *self.ladder[0].shape)
        inputs = {"Latent": 0}  # the parameters of each
        if self.embedding:
            inputs["Label"] = self.embedding.count_params()
        rows = [(name, (self.size, 1, 1, 1), count) for name, count in inputs.items()]
        rows += [("Fully connected", base, self.dense.count_params())]
        rows += [("Conv 3x3x3", base, self.conv.count_params())]
        for layer, rung in zip(self.from_past, list(self.ladder)[self.without_past :], strict=True):
            rows += [("Past", (rung.feature_maps, *rung.shape), layer.count_params())]
        for layer, rung in zip(self.class_bias, list(self.ladder)[1:], strict=False):
            rows += [("Bias per class", (rung.feature_maps, 1, 1, 1), layer.count_params())]
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

    def call(self, x: tf.Tensor, shift: tf.Tensor | None = None) -> tf.Tensor:
        """One level up; `shift` is added to the upscaled maps before their activation."""
        x = pixel_norm(leaky_relu(_add(self.conv0(x), shift)))
        return pixel_norm(leaky_relu(self.conv1(x)))


def _add(x, shift):
    return x if shift is None else x + tf.cast(shift, x.dtype)
