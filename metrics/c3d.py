"""C3D (Tran et al. 2015), a classifier of clips of 16 frames.

The inception score is computed from its probabilities (Saito et al. 2017), and the Frechet distance
from its fc6.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

_INPUT = (16, 112, 112, 3)

# Maps of each convolution in multiples of the width, and the size and stride of each pool.
_CONVOLUTIONS_AND_POOLS: dict[str, Any] = {
    "conv1": 1,
    "pool1": (1, 2, 2),
    "conv2": 2,
    "pool2": (2, 2, 2),
    "conv3a": 4,
    "conv3b": 4,
    "pool3": (2, 2, 2),
    "conv4a": 8,
    "conv4b": 8,
    "pool4": (2, 2, 2),
    "conv5a": 8,
    "conv5b": 8,
    "pool5": (2, 2, 2),  # It has 7 rows and columns, and pads after them only.
}


class C3D(keras.Model):
    """Maps clips to classes; all its variables exist from the start.

    Clips are [N, 16, 112, 112, 3] float32. The order of channels and the range depend on the
    weights.

    Args:
        num_classes: 101 for UCF-101, 487 for Sports-1M.
        width: feature maps of the first convolution; 64 in the published networks.
    """

    def __init__(self, num_classes: int = 101, width: int = 64, name: str = "c3d"):
        super().__init__(name=name)
        self.stages = [
            _make_pool(name, size) if name.startswith("pool") else _make_conv(name, size * width)
            for name, size in _CONVOLUTIONS_AND_POOLS.items()
        ]
        self.flatten = keras.layers.Flatten()
        self.fc6 = keras.layers.Dense(64 * width, kernel_initializer="he_normal", name="fc6")
        self.fc7 = keras.layers.Dense(
            64 * width, activation="relu", kernel_initializer="he_normal", name="fc7"
        )
        self.dropout = keras.layers.Dropout(0.5)
        self.fc8 = keras.layers.Dense(num_classes, name="fc8")
        self(keras.Input(_INPUT))  # Makes the variables.

    def call(self, clips: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [N, num_classes] of `clips`; raises as `endpoints` does."""
        return self.endpoints(clips, training)["logits"]

    def endpoints(self, clips: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """The output of every layer for `clips`, by name.

        Args:
            clips: [N, 16, 112, 112, 3] float32.
            training: whether the next layer gets fc6 and fc7 after dropout; the endpoints are
                those before dropout.

        Returns:
            "conv1" (after ReLU), "pool1", "conv2", ... "conv5b": [N, T, H, W, maps];
            "pool5": [N, 128 width], flattened in the order H, W, maps (one frame is left);
            "fc6_linear" (before ReLU), "fc6", "fc7" (after it): [N, 64 width];
            "logits", "probabilities": [N, num_classes].

        Raises:
            ValueError: the clips have another shape.
        """
        if tuple(clips.shape[1:]) != _INPUT:
            raise ValueError(
                "`clips` should have shape [N, 16, 112, 112, 3]. "
                f"Received: clips.shape={tuple(clips.shape)}"
            )
        points, x = {}, clips
        for stage in self.stages:
            points[stage.name] = x = stage(x)
        points["pool5"] = self.flatten(x)
        points["fc6_linear"] = self.fc6(points["pool5"])
        points["fc6"] = ops.relu(points["fc6_linear"])
        points["fc7"] = self.fc7(self.dropout(points["fc6"], training=training))
        points["logits"] = self.fc8(self.dropout(points["fc7"], training=training))
        points["probabilities"] = ops.softmax(points["logits"])
        return points


def _make_conv(name, maps):
    return keras.layers.Conv3D(
        maps, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=name
    )


def _make_pool(name, size):
    return keras.layers.MaxPooling3D(size, padding="same", name=name)
