"""LPIPS, a learned distance of pictures (Zhang et al. 2018), version 0.1 with AlexNet.

Feature maps of both pictures after each of five ReLUs are divided by their norm over channels. The
squared differences are weighted by channel, averaged over places, and summed over the five.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from metrics.weights.pytorch import open_state_dict
from support.errors import UserError

# number in torchvision's AlexNet, stride, padding, whether a maximum over 3x3 places comes before
_LAYERS = ((0, 4, 2, False), (3, 1, 2, True), (6, 1, 1, True), (8, 1, 1, False), (10, 1, 1, False))
_MAPS = (3, 64, 192, 384, 256, 256)
_SIDES = (11, 5, 3, 3, 3)  # of the kernels
_MEAN, _DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of pictures in [-1, 1]
_SMALLEST = 31  # pixels, of which the second maximum still leaves one
_PART = 64  # pictures at a time


class LPIPS:
    """The distance, with weights that others published.

    Args:
        backbone: AlexNet of torchvision (alexnet-owt-*.pth), a state dict.
        linear: the weights of the channels, weights/v0.1/alex.pth of the package `lpips`.

    Raises:
        UserError: a file is missing, damaged or of another network.
    """

    def __init__(self, backbone: Path, linear: Path):
        files = [open_state_dict(Path(path)) for path in (backbone, linear)]
        self.sha256 = [file.sha256() for file in files]
        self._convolutions = [
            (
                _read(files[0], f"features.{number}.weight", (outputs, inputs, side, side)),
                _read(files[0], f"features.{number}.bias", (outputs,)),
            )
            for (number, *_), inputs, outputs, side in zip(
                _LAYERS, _MAPS[:-1], _MAPS[1:], _SIDES, strict=True
            )
        ]
        self._weights = [
            _read(files[1], f"lin{i}.model.1.weight", (1, maps, 1, 1))
            for i, maps in enumerate(_MAPS[1:])
        ]

    def __call__(self, reals: np.ndarray, fakes: np.ndarray) -> np.ndarray:
        """The distance of pictures to those at the same place.

        Args:
            reals: [..., H, W, C] in [0, 1], with 3 channels or a grey one.
            fakes: the same shape.

        Returns:
            [...] float64, 0 for equal pictures.

        Raises:
            UserError: pictures are smaller than 31x31.
        """
        if min(reals.shape[-3:-1]) < _SMALLEST:
            raise UserError(
                f"LPIPS should be of frames of at least {_SMALLEST}x{_SMALLEST}. "
                f"Received: {reals.shape[-3]}x{reals.shape[-2]}"
            )
        pairs = [clips.reshape(-1, *clips.shape[-3:]) for clips in (reals, fakes)]
        parts = range(0, len(pairs[0]), _PART)
        found = [self._distances(*(clips[i : i + _PART] for clips in pairs)) for i in parts]
        return np.concatenate(found).reshape(reals.shape[:-3]).astype(np.float64)

    @tf.function(reduce_retracing=True)
    def _distances(self, reals, fakes):
        total = tf.zeros(tf.shape(reals)[0])
        maps = zip(self._features(reals), self._features(fakes), self._weights, strict=True)
        for one, other, weights in maps:
            differences = tf.square(_normalise(one) - _normalise(other))
            total += tf.reduce_mean(tf.einsum("nhwc,c->nhw", differences, weights[0]), (1, 2))
        return total

    def _features(self, pictures):
        """The maps after each ReLU."""
        x = (2 * pictures - 1 - tf.constant(_MEAN)) / tf.constant(_DEVIATION)  # Grey: three alike.
        for (kernel, bias), (_, stride, padding, pooled) in zip(
            self._convolutions, _LAYERS, strict=True
        ):
            if pooled:
                x = tf.nn.max_pool2d(x, 3, 2, "VALID")
            around = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, stride, around) + bias)
            yield x


def _normalise(x):
    return x / (tf.norm(x, axis=-1, keepdims=True) + 1e-10)


def _read(file, name, shape):
    """An array with its places first and its outputs last."""
    if file.shapes.get(name) != shape:
        found = list(file.shapes[name]) if name in file.shapes else "no such array"
        raise UserError(f"{file.path} should hold {name} of shape {list(shape)}. Received: {found}")
    array = file.read(name)
    if len(shape) == 4:
        array = array.transpose(2, 3, 1, 0)
    return tf.constant(array.reshape(1, -1) if shape[2:] == (1, 1) else array)
