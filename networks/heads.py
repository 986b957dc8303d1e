"""The critic's heads: the sliced head of equation 5.2, and the scalar head of WGAN-GP."""

import keras
import tensorflow as tf

from networks.conditions import class_weights
from networks.layers import EqualizedDense, leaky_relu


@keras.saving.register_keras_serializable("progressive_swgan")
class Orthogonal(keras.constraints.Constraint):
    """Puts a square matrix back on the orthogonal group: its polar factor U V' of U S V'.

    An orthogonal matrix stays as it is. The iteration of Newton and Schulz uses only matrix
    products, and takes a few rounds after a usual step of an optimizer. It converges where the
    singular values are in (0, sqrt(3)). Other matrices are scaled first, which does not change
    their polar factor.
    """

    tolerance, rounds = 1e-6, 40

    def __call__(self, matrix: tf.Tensor) -> tf.Tensor:
        """The polar factor of `matrix` [K, K]."""
        dtype, matrix = matrix.dtype, tf.cast(matrix, tf.float64)  # float32 may be TF32 on a GPU.
        error = self._error(matrix)
        size = tf.sqrt(tf.norm(matrix, 1, [0, 1]) * tf.norm(matrix, float("inf"), [0, 1]))
        matrix = tf.where(tf.norm(error) < 1, matrix, matrix / size)  # Both bound the 2-norm.
        matrix = tf.while_loop(
            lambda x: tf.reduce_max(tf.abs(self._error(x))) > self.tolerance,
            lambda x: [x - 0.5 * tf.matmul(x, self._error(x))],
            [matrix],
            maximum_iterations=self.rounds,
        )[0]
        return tf.cast(matrix, dtype)

    @staticmethod
    def _error(matrix):
        return tf.matmul(matrix, matrix, transpose_a=True) - tf.eye(
            matrix.shape[0], dtype=matrix.dtype
        )


@keras.saving.register_keras_serializable("progressive_swgan")
class SlicedHead(keras.layers.Layer):
    """f(y) = 1/K sum_i phi(lambda_i theta_i'y + b_i), equation 5.2; phi is the leaky ReLU.

    theta (K x K, its columns the theta_i) starts orthogonal and its constraint keeps it so.
    With `classes`, each of them has lambda and b of its own, and all share theta: equation 5.1 then
    is the mean over classes of the sliced distance between the reals and the fakes of a class.
    """

    title = "Sliced head"

    def __init__(self, size: int, classes: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.classes, shape = classes, (classes + 1, size) if classes else (size,)
        self.theta = self.add_weight(
            (size, size), keras.initializers.Orthogonal(), constraint=Orthogonal(), name="theta"
        )
        self.slopes = self.add_weight(shape, "ones", name="lambda")
        self.bias = self.add_weight(shape, "zeros", name="b")
        self.built = True

    def call(self, features: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Features [N, K] -> scores [N]; a head of classes needs the labels of the N clips."""
        theta, slopes, bias = (
            tf.cast(variable, features.dtype) for variable in (self.theta, self.slopes, self.bias)
        )
        if self.classes:
            weights = class_weights(labels, self.classes)
            slopes, bias = tf.matmul(weights, slopes), tf.matmul(weights, bias)
        slices = tf.matmul(features, theta)  # [NK] theta_i'y.
        return tf.reduce_mean(leaky_relu(slopes * slices + bias), -1)  # Equation 5.2.


@keras.saving.register_keras_serializable("progressive_swgan")
class ScalarHead(keras.layers.Layer):
    """Leaky ReLU and one more dense layer, K -> 1: the last row of Table A.2."""

    title = "Fully connected"

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.dense = EqualizedDense(size, (1,), gain=1.0, name="dense")
        self.built = True

    def call(self, features: tf.Tensor, labels: tf.Tensor | None = None) -> tf.Tensor:
        """Features [N, K] -> scores [N], the same for all labels."""
        return self.dense(leaky_relu(features))[:, 0]


HEADS: dict[str, type[SlicedHead | ScalarHead]] = {"sliced": SlicedHead, "scalar": ScalarHead}
