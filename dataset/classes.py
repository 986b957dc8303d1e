"""Classes that are picked from those of a data set."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from support.errors import UserError


class Classes:
    """Some labels of a data set, numbered in the order in which they are asked for.

    Args:
        known: the names of the data set's labels.
        names: those that are picked; by default all.

    Raises:
        UserError: a name is not known, or comes twice.
    """

    def __init__(self, known: Sequence[str], names: Sequence[str] = ()):
        self.names = tuple(names or known)
        if len(set(self.names)) < len(self.names) or not set(self.names) <= set(known):
            raise UserError(
                f"`classes` should be different labels of the clips, {', '.join(known) or 'none'}. "
                f"Received: {', '.join(self.names)}"
            )
        self._stored = [list(known).index(name) for name in self.names]
        self._numbers = np.full(len(known) + 1, -1, np.int32)  # The last one is of label -1.
        self._numbers[self._stored] = np.arange(len(self.names))

    @property
    def are_all(self) -> bool:
        """Whether no label was left out; then clips without a label belong to the set too."""
        return len(self.names) == len(self._numbers) - 1

    def groups(self, labels: np.ndarray, indices: np.ndarray) -> list[np.ndarray]:
        """The clips `indices` [N] of each class, by their stored `labels` [N].

        Raises:
            UserError: a class has no clip.
        """
        groups = [indices[labels == stored] for stored in self._stored]
        for name, group in zip(self.names, groups, strict=True):
            if not len(group):
                raise UserError(f"`classes` should have clips. Received: none of {name}")
        return groups

    def renumber(self, labels: np.ndarray | tf.Tensor) -> tf.Tensor:
        """Stored labels [N] as numbers of these classes, int32; -1 where a clip has none."""
        labels = tf.convert_to_tensor(labels)
        last = tf.cast(len(self._numbers) - 1, labels.dtype)
        return tf.gather(self._numbers, tf.where(labels < 0, last, labels))
