"""Singular value clipping (TGAN, section 3.3): bounds a critic's Lipschitz constant, about."""

import tensorflow as tf


def clip_singular_values(kernel: tf.Tensor) -> tf.Tensor:
    """The nearest kernel whose singular values, as a matrix, are 1 at most.

    The matrix has a column per output. Its singular values S and one of its bases Q follow from
    the Gram matrix of its shorter side, Q S^2 Q', which is cheaper than U S V'.

    Args:
        kernel: [*taps, inputs, outputs].
    """
    matrix = tf.reshape(tf.cast(kernel, tf.float64), [-1, kernel.shape[-1]])
    wide = matrix.shape[0] < matrix.shape[1]
    gram = tf.matmul(matrix, matrix, transpose_a=not wide, transpose_b=wide)
    squares, basis = tf.linalg.eigh(gram)
    # What is to be taken away of each direction: 1 - 1 / s, and nothing below 1.
    excess = 1 - tf.math.rsqrt(tf.maximum(squares, 1.0))
    excess = tf.matmul(basis * excess, basis, transpose_b=True)
    change = tf.matmul(excess, matrix) if wide else tf.matmul(matrix, excess)
    return tf.cast(tf.reshape(matrix - change, kernel.shape), kernel.dtype)
