"""Inception-v3 (Szegedy et al. 2016), a classifier of pictures, for scores of single frames.

The network is that of `keras.applications`. The graph of 2015 that most published scores of images
use has 1,008 classes, and its last block pools by the maximum, not by the mean: its weights belong
to another network, and scores by these weights differ from scores by those.
"""

import keras
import tensorflow as tf

_SIDE = 299


class Inception(keras.Model):
    """Maps pictures to classes, always with moving statistics; all variables exist from the start.

    Args:
        num_classes: 1000 for ImageNet.
    """

    def __init__(self, num_classes: int = 1000, name: str = "inception"):
        super().__init__(name=name)
        whole = keras.applications.InceptionV3(weights=None, classes=num_classes)
        self.num_classes = num_classes
        self.network = keras.Model(
            whole.input, [whole.get_layer("avg_pool").output, whole.output], name="network"
        )
        self.network.trainable = False
        self.built = True

    def call(self, clips: tf.Tensor) -> tf.Tensor:
        """Probabilities [N, num_classes] of `clips`; raises as `endpoints` does."""
        return self.endpoints(clips)["probabilities"]

    def endpoints(self, clips: tf.Tensor) -> dict[str, tf.Tensor]:
        """The last layers for `clips`, by name.

        Args:
            clips: [N, 1, 299, 299, 3] float32 in [-1, 1], single frames.

        Returns:
            "pool", the mean over space of the last maps: [N, 2048];
            "probabilities": [N, num_classes].

        Raises:
            ValueError: the clips have another shape.
        """
        if tuple(clips.shape[1:]) != (1, _SIDE, _SIDE, 3):
            raise ValueError(
                f"`clips` should have shape [N, 1, {_SIDE}, {_SIDE}, 3]. "
                f"Received: clips.shape={tuple(clips.shape)}"
            )
        pool, probabilities = self.network(clips[:, 0], training=False)
        return {"pool": pool, "probabilities": probabilities}
