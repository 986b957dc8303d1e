"""What gradient penalties are made of: points between reals and fakes, gradients, norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from losses.loss import Critic, Seen
from support.deferred import tf

if TYPE_CHECKING:
    from dataset.batch import Batch
    from losses.loss import Lazily


def between(reals: tf.Tensor, fakes: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """Points on the lines from `reals` to `fakes` (share 0: the real), as in WGAN-GP."""
    return reals + (fakes - reals) * share


def encode_both(critic: Critic, reals: Batch, fakes: Batch) -> tuple[Seen, Seen]:
    """What the encoder makes of reals and of fakes, in one pass: faster for small clips."""
    both = reals.map(lambda a, b: tf.concat([a, b], 0), fakes)
    real, fake = tf.split(critic.encode(both).values, 2)
    return Seen(real, reals.labels), Seen(fake, fakes.labels)


def gradient(function: Callable[[tf.Tensor], tf.Tensor], points: tf.Tensor) -> tf.Tensor:
    """Gradient at each of `points` [N, ...] of `function(points)` [N]; differentiable itself.

    Where the values of clips depend on each other (minibatch standard deviation), the gradient is
    that of their sum, as is usual.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        values = function(points)
    return tape.gradient(values, points)


def score_gradient(critic: Critic, batch: Batch) -> tf.Tensor:
    """Gradient of each clip's score with respect to the clip, [N, T, H, W, C]."""
    return gradient(lambda x: critic.score(critic.encode(batch._replace(clips=x))), batch.clips)


def zero_centred_penalty(
    critic: Critic, *weighted: tuple[Batch, float], lazily: Lazily
) -> tf.Tensor:
    """Sum of gamma / 2 ||grad_x D(x)||^2 over pairs of N clips x and gamma: [N].

    R1 is this at reals and R2 at fakes ("Which Training Methods for GANs do actually Converge?").
    """
    pairs = [(batch, gamma) for batch, gamma in weighted if gamma > 0]
    if not pairs:
        batch = weighted[0][0]
        return tf.zeros(tf.shape(batch.labels), batch.clips.dtype)
    return lazily(
        lambda: tf.add_n([g / 2 * squared_norm(score_gradient(critic, x)) for x, g in pairs])
    )


def squared_norm(vectors: tf.Tensor) -> tf.Tensor:
    """Sum of squares over all axes but the first: [N, ...] -> [N]."""
    return tf.reduce_sum(tf.square(vectors), list(range(1, vectors.shape.rank)))


def norm(vectors: tf.Tensor) -> tf.Tensor:
    """Euclidean norm over all axes but the first; its gradient is finite at 0 too."""
    return tf.sqrt(squared_norm(vectors) + 1e-12)


def at_once(penalty: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Evaluates the penalty at every step (the default; see `train.penalty_interval`)."""
    return penalty()
