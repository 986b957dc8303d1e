"""Inception-I3D (Carreira & Zisserman 2017), RGB; the Frechet video distance uses its logits.

The network is GoogLeNet (Szegedy et al. 2015) with a time axis: Table 1 there gives the maps.
Padding is TensorFlow's SAME throughout: the odd one after the end, for convolutions and pools.
"""

import keras
import tensorflow as tf
from keras import ops

from support.errors import UserError

_MIN_FRAMES = 9  # The strides leave two of them for the last pool.
_SIZE = 224


class I3D(keras.Model):
    """Maps clips to classes, always with moving statistics; all variables exist from the start.

    Args:
        num_classes: 400 for Kinetics-400.
    """

    def __init__(self, num_classes: int = 400, name: str = "i3d"):
        super().__init__(name=name)
        self.stages = [
            Unit3D(64, size=7, strides=2, name="Conv3d_1a_7x7"),
            _make_pool((1, 3, 3), (1, 2, 2), name="MaxPool3d_2a_3x3"),
            Unit3D(64, size=1, name="Conv3d_2b_1x1"),
            Unit3D(192, size=3, name="Conv3d_2c_3x3"),
            _make_pool((1, 3, 3), (1, 2, 2), name="MaxPool3d_3a_3x3"),
            Mixed(64, 96, 128, 16, 32, 32, name="Mixed_3b"),
            Mixed(128, 128, 192, 32, 96, 64, name="Mixed_3c"),
            _make_pool(3, 2, name="MaxPool3d_4a_3x3"),
            Mixed(192, 96, 208, 16, 48, 64, name="Mixed_4b"),
            Mixed(160, 112, 224, 24, 64, 64, name="Mixed_4c"),
            Mixed(128, 128, 256, 24, 64, 64, name="Mixed_4d"),
            Mixed(112, 144, 288, 32, 64, 64, name="Mixed_4e"),
            Mixed(256, 160, 320, 32, 128, 128, name="Mixed_4f"),
            _make_pool(2, 2, name="MaxPool3d_5a_2x2"),
            Mixed(256, 160, 320, 32, 128, 128, name="Mixed_5b"),
            Mixed(384, 192, 384, 48, 128, 128, name="Mixed_5c"),
        ]
        self.pool = keras.layers.AveragePooling3D((2, 7, 7), strides=1)
        self.classify = keras.layers.Conv3D(num_classes, 1)
        self(keras.Input((_MIN_FRAMES, _SIZE, _SIZE, 3)))  # Makes the variables.

    def call(self, clips: tf.Tensor) -> tf.Tensor:
        """Logits [N, num_classes] of `clips`; raises as `endpoints` does."""
        return self.endpoints(clips)["logits"]

    def endpoints(self, clips: tf.Tensor) -> dict[str, tf.Tensor]:
        """The output of every stage for `clips`, by the names of the paper's code.

        Args:
            clips: [N, T, 224, 224, 3] float32 in [-1, 1], with at least nine frames.

        Returns:
            "Conv3d_1a_7x7", "MaxPool3d_2a_3x3", ... "Mixed_5c": [N, T', H', W', maps];
            "features": [N, 1024], the last pool averaged over space and time;
            "logits" (averaged over time), "probabilities": [N, num_classes].

        Raises:
            UserError: the clips have fewer than nine frames.
            ValueError: the clips have another shape.
        """
        _check_shape(clips)
        points, x = {}, clips
        for stage in self.stages:
            points[stage.name] = x = stage(x)
        x = self.pool(x)
        points["features"] = ops.mean(x, axis=(1, 2, 3))
        points["logits"] = ops.mean(self.classify(x), axis=(1, 2, 3))
        points["probabilities"] = ops.softmax(points["logits"])
        return points


class Unit3D(keras.layers.Layer):
    """Convolution without bias, batch normalisation without scale, ReLU."""

    def __init__(self, maps: int, size: int, strides: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv3D(maps, size, strides, padding="same", use_bias=False)
        self.batch_norm = keras.layers.BatchNormalization(epsilon=1e-3, scale=False)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return ops.relu(self.batch_norm(self.conv(x), training=False))


class Mixed(keras.layers.Layer):
    """An Inception module: four branches whose maps are concatenated.

    The arguments are the columns of GoogLeNet's Table 1. Its 5x5 kernels are 3x3x3 here.
    """

    def __init__(
        self,
        ones: int,
        threes_reduced: int,
        threes: int,
        fives_reduced: int,
        fives: int,
        pooled: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        place = "0a" if self.name == "Mixed_5b" else "0b"  # One published name breaks the rule.
        self.units = {
            "Branch_0/Conv3d_0a_1x1": Unit3D(ones, size=1),
            "Branch_1/Conv3d_0a_1x1": Unit3D(threes_reduced, size=1),
            "Branch_1/Conv3d_0b_3x3": Unit3D(threes, size=3),
            "Branch_2/Conv3d_0a_1x1": Unit3D(fives_reduced, size=1),
            f"Branch_2/Conv3d_{place}_3x3": Unit3D(fives, size=3),
            "Branch_3/Conv3d_0b_1x1": Unit3D(pooled, size=1),
        }
        self.pool = _make_pool(3, 1)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        one, reduce_three, three, reduce_five, five, project = self.units.values()
        branches = [one(x), three(reduce_three(x)), five(reduce_five(x)), project(self.pool(x))]
        return ops.concatenate(branches, axis=-1)


def checkpoint_variables(model: I3D) -> dict[str, keras.Variable]:
    """The variables of `model` by their names in DeepMind's checkpoint `rgb_imagenet`.

    Their shapes are equal too; kernels are [T, H, W, in, out].
    """
    units = {}
    for stage in model.stages:
        if isinstance(stage, Unit3D):
            units[stage.name] = stage
        elif isinstance(stage, Mixed):
            units |= {f"{stage.name}/{place}": unit for place, unit in stage.units.items()}
    variables = {
        "Logits/Conv3d_0c_1x1/conv_3d/w": model.classify.kernel,
        "Logits/Conv3d_0c_1x1/conv_3d/b": model.classify.bias,
    }
    for name, unit in units.items():
        variables[f"{name}/conv_3d/w"] = unit.conv.kernel
        variables[f"{name}/batch_norm/beta"] = unit.batch_norm.beta
        variables[f"{name}/batch_norm/moving_mean"] = unit.batch_norm.moving_mean
        variables[f"{name}/batch_norm/moving_variance"] = unit.batch_norm.moving_variance
    return {f"RGB/inception_i3d/{name}": variable for name, variable in variables.items()}


def _make_pool(size, strides, name=None):
    return keras.layers.MaxPooling3D(size, strides, padding="same", name=name)


def _check_shape(clips):
    frames, *rest = clips.shape[1:] if len(clips.shape) == 5 else (None,)
    if rest != [_SIZE, _SIZE, 3]:
        raise ValueError(
            f"`clips` should have shape [N, T, {_SIZE}, {_SIZE}, 3]. "
            f"Received: clips.shape={tuple(clips.shape)}"
        )
    if frames is not None and frames < _MIN_FRAMES:
        raise UserError(
            f"Clips for I3D should have at least {_MIN_FRAMES} frames. Received: {frames}"
        )
