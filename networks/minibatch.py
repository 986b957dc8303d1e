"""Minibatch discrimination: features that show a critic how alike the clips of a group are."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("progressive_swgan")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends o(x) of section 3.2 of "Improved Techniques for Training GANs" to features f(x).

    M_i = f(x_i) T, and o_b(i) is the sum over the other clips j of the group of
    exp(-||M_i,b - M_j,b||_1): near the number of others where clips are alike, 0 where they are
    not. The columns of T have a learned norm, which starts at 1. (The authors' code rescales T by
    its first minibatch; this does not.)

    Args:
        inputs: features of a clip (A).
        outputs: values that are appended (B).
        size: numbers that a value compares (C).
    """

    def __init__(self, inputs: int, outputs: int = 100, size: int = 5, **kwargs):
        super().__init__(**kwargs)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight((inputs, outputs, size), normal, name="kernel")
        self.log_norm = self.add_weight((outputs, size), "zeros", name="log_norm")
        self.bias = self.add_weight((outputs,), keras.initializers.Constant(-1.0), name="bias")
        self.built = True

    def call(self, features: tf.Tensor, group: int) -> tf.Tensor:
        """Features [N, A] to [N, A + B]; groups are consecutive, and N is a multiple of `group`."""
        directions = tf.math.l2_normalize(tf.convert_to_tensor(self.kernel), 0)
        kernel = directions * tf.exp(tf.convert_to_tensor(self.log_norm))
        compared = tf.tensordot(features, kernel, 1)  # [NBC] M.
        groups = tf.reshape(compared, [-1, group, *kernel.shape[1:]])  # [MGBC] M groups of G.
        distances = tf.reduce_sum(tf.abs(groups[:, :, None] - groups[:, None]), -1)  # [MGGB]
        alike = tf.reduce_sum(tf.exp(-distances), 2) - 1  # [MGB] Each clip's distance to itself: 0.
        alike = tf.reshape(alike, [-1, kernel.shape[1]]) + self.bias  # [NB]
        return tf.concat([features, alike], -1)
