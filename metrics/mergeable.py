"""Keras metrics whose states merge by a rule of their own.

Keras adds up a metric's variables over the replicas of a strategy wherever they are read, and
divides what is assigned to them from outside among the replicas. That suits sums, not means. Here
each replica keeps its own state, and states of replicas and of metrics are merged by the subclass'
rule:

    with strategy.scope():
        metric = StreamingMoments(4096)
    strategy.run(step)        # calls metric.update_state(values) in every replica
    metric.result()           # of all replicas; outside of replicas and of tf.function
    metric.merge_state([of_another_worker])
"""

import functools

import keras
import numpy as np
import tensorflow as tf


class MergeableMetric(keras.metrics.Metric):
    """Base of a metric with a `merge` of its own; its variables begin at 0."""

    def add_state(self, shape: tuple[int, ...], dtype: str, name: str) -> keras.Variable:
        """A variable of which each replica has its own; reading it as a whole is an error."""
        return self.add_variable(shape, "zeros", dtype, aggregation="none", name=name)

    def merge(self, a, b) -> tuple:
        """The state of all that the states `a` and `b` have seen; one of zeros changes nothing."""
        raise NotImplementedError

    def state(self) -> tuple[np.ndarray, ...]:
        """The variables' values, this process' replicas merged."""
        states = [[variable.numpy() for variable in replica] for replica in self._replicas()]
        return tuple(np.asarray(value) for value in functools.reduce(self.merge, states))

    def merge_state(self, metrics):
        """Takes in what other metrics of this kind have seen; they stay as they are."""
        merged = functools.reduce(self.merge, [metric.state() for metric in (self, *metrics)])
        self.reset_state()
        for variable, value in zip(self._replicas()[0], merged, strict=True):
            variable.assign(value)

    def reset_state(self):
        """Forgets all that was seen."""
        for replica in self._replicas():
            for variable in replica:
                variable.assign(tf.zeros_like(variable))

    def _replicas(self):
        """The variables of each replica of this process."""
        return list(zip(*(_of_replicas(v.value) for v in self.variables), strict=True))


def _of_replicas(variable):
    is_distributed = isinstance(variable, tf.distribute.DistributedValues)
    return variable.values if is_distributed else (variable,)


class DistanceMetric(keras.metrics.Metric):
    """Base of a distance between two sets, `reals` and `fakes`, each a `MergeableMetric`.

    The sets may differ in size: `distance.reals.update_state(values)` adds to one of them.
    """

    def __init__(self, reals: MergeableMetric, fakes: MergeableMetric, name: str):
        super().__init__(name=name)
        self.reals, self.fakes = reals, fakes

    def update_state(self, reals, fakes):
        """Adds `reals` [N, D] and `fakes` [M, D] to their sets."""
        self.reals.update_state(reals)
        self.fakes.update_state(fakes)

    def merge_state(self, metrics):
        """Takes in what other metrics of this kind have seen; they stay as they are."""
        metrics = list(metrics)
        self.reals.merge_state([metric.reals for metric in metrics])
        self.fakes.merge_state([metric.fakes for metric in metrics])

    def reset_state(self):
        """Forgets all that was seen."""
        self.reals.reset_state()
        self.fakes.reset_state()
