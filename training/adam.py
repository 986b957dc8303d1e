"""Adam as one operation per variable."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """Keras' Adam, whose ten elementwise operations per variable are TensorFlow's single one.

    It saves 8 % of a step's time at 4x4x4 of `faces` (benchmarks/train_step_cpu_202611.md).

    Args:
        penalty_interval: steps from one gradient of penalties to the next. Each is applied at
            every step until then, so that the moments are as large as without an interval.
    """

    def __init__(self, *args, penalty_interval: int = 1, **kwargs):
        super().__init__(*args, **kwargs)
        self.penalty_interval, self._penalties = penalty_interval, []

    def build(self, variables: list):
        """Makes the moments, and room for the gradients of penalties that are applied again."""
        super().build(variables)
        if self.penalty_interval > 1:
            self._penalties = self.add_optimizer_variables(variables, "penalty")

    def penalty_is_due(self) -> tf.Tensor:
        """Whether penalties are computed at the next step: a bool scalar."""
        return tf.equal(tf.convert_to_tensor(self.iterations) % self.penalty_interval, 0)

    def with_penalties(self, gradients: list, penalties: list, variables: list) -> list[tuple]:
        """For `apply`, pairs of a whole gradient and the part of it that is applied again.

        Args:
            gradients: of everything but penalties, one per variable.
            penalties: gradients of penalties that were just computed; not used if none is due.
            variables: those of the gradients.
        """
        last = [self._penalties[self._get_variable_index(variable)] for variable in variables]
        due = self.penalty_is_due()
        kept = [tf.where(due, new, old) for new, old in zip(penalties, last, strict=True)]
        return [(g + k, k) for g, k in zip(gradients, kept, strict=True)]

    def update_step(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor):
        """Updates a tf.Variable, on each replica its own copy.

        Args:
            gradient: the whole gradient, or a pair of `with_penalties`.
            variable: a tf.Variable.
            learning_rate: a scalar.
        """
        index = self._get_variable_index(variable)
        if isinstance(gradient, tuple):
            gradient, penalty = gradient
            self._penalties[index].value.assign(penalty)
        rate, step = tf.cast(learning_rate, tf.float32), tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
