"""Steps with NaN or infinity, as a traced call counts them."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Faults(NamedTuple):
    """What was not finite in a call of several steps; those steps changed nothing."""

    skipped: tf.Tensor  # int32, how many steps
    in_a_row: tf.Tensor  # int32, how many of them are the last ones
    terms: dict[str, tf.Tensor]  # of the last such step
    gradients: tf.Tensor  # [variables], the norm of each one's gradient in that step

    @classmethod
    def none(cls, terms: tuple[str, ...], variables: int) -> "Faults":
        """Before the first step: of a loss' terms and a number of variables."""
        zeros = dict.fromkeys(terms, tf.constant(0.0))
        return cls(tf.constant(0), tf.constant(0), zeros, tf.zeros(variables))

    def after(
        self, finite: tf.Tensor, terms: dict[str, tf.Tensor], gradients: tf.Tensor
    ) -> "Faults":
        """With one more step: whether it was finite, its terms, and the norms of its gradients."""
        return Faults(
            self.skipped + tf.cast(~finite, tf.int32),
            tf.where(finite, 0, self.in_a_row + 1),
            {k: tf.where(finite, v, terms[k]) for k, v in self.terms.items()},
            tf.where(finite, self.gradients, gradients),
        )

    def describe(self, names: list[str]) -> str:
        """What was not finite in the last such step; `names` are those of the variables."""
        bad = [term for term, value in self.terms.items() if not np.isfinite(value)]
        norms = zip(names, self.gradients.numpy(), strict=True)
        gradients = [name for name, norm in norms if not np.isfinite(norm)]
        first = f": first the gradient of {gradients[0]}" if gradients else ""
        return f"NaN or infinity in {', '.join(bad)}{first} ({len(gradients)} of {len(names)})"
