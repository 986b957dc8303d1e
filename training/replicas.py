"""What the replicas of a step compute together."""

from typing import Any

import tensorflow as tf


def sum_over_replicas(tensors: Any) -> Any:
    """Sums nested tensors over replicas, where no gradient is taken of the sums.

    `ReplicaContext.all_reduce` passes them through an IdentityN, for gradients. There TensorFlow
    can lose the order of reading a weight, for the gradients of other ones, and updating it.
    """
    flat = tf.nest.flatten(tensors)

    def merge(strategy, *values):
        return strategy.extended.batch_reduce_to("SUM", [(value, value) for value in values])

    sums = tf.distribute.get_replica_context().merge_call(merge, args=flat)
    return tf.nest.pack_sequence_as(tensors, sums)
