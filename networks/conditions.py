"""Labels as a condition of generator and critic: the class of a clip, as vectors of numbers.

A network of C classes has a further one, number C, for clips without a label. Labels are one number
per clip, or the weights of the classes, which lie between labels.
"""

import math

import keras
import tensorflow as tf

# Logits per class of a critic's label head, by `network.labels` (losses/labels.py).
LABEL_HEADS = {"head": 1, "adc": 2}


def class_weights(labels: tf.Tensor, classes: int) -> tf.Tensor:
    """The weight of each class and of "no label" for each clip.

    Args:
        labels: [N] integers below `classes`, negative where there is no label; or [N, classes]
            float32, weights.
        classes: the number of classes, C.

    Returns:
        [N, C + 1] float32.
    """
    labels = tf.convert_to_tensor(labels)
    if labels.dtype.is_floating:
        return tf.pad(tf.cast(labels, tf.float32), [[0, 0], [0, 1]])
    return tf.one_hot(tf.where(labels < 0, classes, labels), classes + 1)


def for_layer_per_class(latents: tf.Tensor, labels: tf.Tensor, classes: int) -> tf.Tensor:
    """Inputs of a dense layer that then is a layer, with a bias at each output, per class.

    Args:
        latents: [N, K], with a root mean square of 1.
        labels: of N clips, as `class_weights` takes them.
        classes: C.

    Returns:
        [N, (C + 1) (K + 1)], with a root mean square of 1: [latents, 1] at the place of the class.
    """
    weights = math.sqrt(classes + 1) * class_weights(labels, classes)
    inputs = tf.pad(latents, [[0, 0], [0, 1]], constant_values=1)
    product = tf.einsum("nc,nk->nck", tf.cast(weights, latents.dtype), inputs)
    return tf.reshape(product, [-1, (classes + 1) * (latents.shape[-1] + 1)])


@keras.saving.register_keras_serializable("progressive_swgan")
class ClassVectors(keras.layers.Layer):
    """A learned vector of `size` numbers for each class, drawn from N(0, I).

    The vectors are mixed by the weights of a label, and then normalised to a root mean square of 1.
    """

    def __init__(self, classes: int, size: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.vectors = self.add_weight((classes + 1, size), normal, name="vectors")
        self.built = True

    def call(self, labels: tf.Tensor) -> tf.Tensor:
        """Labels, as `class_weights` takes them, to vectors [N, size]."""
        vectors = tf.matmul(class_weights(labels, self.classes), self.vectors)
        return vectors * tf.math.rsqrt(tf.reduce_mean(vectors**2, -1, keepdims=True) + 1e-8)


@keras.saving.register_keras_serializable("progressive_swgan")
class ClassBias(keras.layers.Layer):
    """A learned bias per class for each of `maps` maps, zeros at first."""

    def __init__(self, classes: int, maps: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.bias = self.add_weight((classes + 1, maps), "zeros", name="bias")
        self.built = True

    def call(self, labels: tf.Tensor) -> tf.Tensor:
        """Labels of N clips, as `class_weights` takes them, to [N, 1, 1, 1, maps]."""
        return tf.matmul(class_weights(labels, self.classes), self.bias)[:, None, None, None]


@keras.saving.register_keras_serializable("progressive_swgan")
class Projection(keras.layers.Layer):
    """<v_c, y> / s, what a critic's score of features y gains by the label c (Miyato and Koyama).

    Args:
        classes: C.
        size: of the features, K.
        mean: whether s is K, for a head that is a mean of K values, such as the sliced one; it is
            sqrt(K) elsewhere.
    """

    def __init__(self, classes: int, size: int, mean: bool, **kwargs):
        super().__init__(**kwargs)
        self.vectors = ClassVectors(classes, size, name="vectors")
        self.scale = 1 / size if mean else 1 / math.sqrt(size)
        self.built = True

    def call(self, features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Features [N, K] and the labels of N clips -> [N]."""
        return self.scale * tf.reduce_sum(self.vectors(labels) * features, -1)


def with_class_maps(clips: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Clips with a constant map per class next to their colours (equation 2.8, as CTGAN has it).

    Args:
        clips: [N, T, H, W, 3].
        weights: [N, C], those of the classes.

    Returns:
        [N, T, H, W, 3 + C].
    """
    classes = weights.shape[1]
    maps = tf.broadcast_to(
        weights[:, None, None, None, :], [*tf.unstack(tf.shape(clips)[:-1]), classes]
    )
    maps = tf.ensure_shape(maps, [*clips.shape[:-1], classes])
    return tf.concat([clips, tf.cast(maps, clips.dtype)], -1)
