"""Lazy regularisation: gradient penalties at every Nth step (section 3.2 of StyleGAN2's paper)."""

from collections.abc import Callable

import keras
import tensorflow as tf


class Penalties:
    """Computes penalties where they are due, and keeps their gradient apart from the loss's.

    A penalty that is N times as large at every Nth step would inflate Adam's second moment, and so
    slow all steps. Instead its gradient is applied at every step until the next one is due. At an
    interval of 1 the penalty is a part of the loss, as any other term.

    Args:
        optimizer: of the update; `training.adam.Adam` alone has an interval.
        count: clips that go through the networks at once.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, count: int):
        self.optimizer, self.count = optimizer, count
        self.interval = getattr(optimizer, "penalty_interval", 1)
        self.values: list[tf.Tensor] = []

    def __call__(self, penalty: Callable[[], tf.Tensor]) -> tf.Tensor:
        """What is added to the loss, [N]; N times as large where due, for the mean over steps."""
        if self.interval == 1:
            return penalty()
        value = tf.cond(self.optimizer.penalty_is_due(), penalty, lambda: tf.zeros([self.count]))
        self.values.append(value)
        return tf.stop_gradient(self.interval * value)

    def gradient(self, tape: tf.GradientTape, minibatch: int, variables: list) -> list[tf.Tensor]:
        """The gradient of their sum over the minibatch; [] where the loss holds all."""
        if not self.values:
            return []
        with tape:
            total = tf.add_n([tf.reduce_sum(value) for value in self.values]) / minibatch
        return tape.gradient(total, variables, unconnected_gradients="zero")
