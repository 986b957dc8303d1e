"""What gradient penalties are made of: points between reals and fakes, gradients, norms."""

import tensorflow as tf


def between(reals, fakes, share):
    """Points on the lines from `reals` to `fakes` (share 0: the real), as in WGAN-GP."""
    return reals + (fakes - reals) * share


def encode_both(encode, reals, fakes):
    """`encode(reals), encode(fakes)` in one pass, which is faster for small clips."""
    return tf.split(encode(tf.concat([reals, fakes], 0)), 2)


def gradient(function, points):
    """Gradient at each of `points` [N, ...] of `function(points)` [N]; differentiable itself.

    Values of different clips that depend on each other (minibatch standard deviation) are not
    told apart, as is usual.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        values = function(points)
    return tape.gradient(values, points)


def squared_norm(vectors):
    """Sum of squares of all but the first axis: [N, ...] -> [N]."""
    return tf.reduce_sum(tf.square(vectors), list(range(1, vectors.shape.rank)))


def norm(vectors):
    """Euclidean norm over all but the first axis; its gradient is finite at 0 too."""
    return tf.sqrt(squared_norm(vectors) + 1e-12)


def at_once(penalty):
    """Takes a `penalty() -> [N]` at each step; lazy regularisation hands in something else."""
    return penalty()
