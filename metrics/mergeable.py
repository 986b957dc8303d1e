"""Keras metrics that define how their states are merged.

Keras adds up a metric's variables over the replicas of a strategy wherever they are read, and
divides what is assigned to them from outside among the replicas. That suits sums, not means. Here
each replica keeps its own state, and the subclass defines how states of replicas and of metrics are
merged:

    with strategy.scope():
        metric = StreamingMoments(4096)
    strategy.run(step)        # calls metric.update_state(values) in every replica
    metric.result()           # of all replicas; outside of replicas and of tf.function
    metric.merge_state([of_another_worker])
"""

import functools
from collections.abc import Iterable
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

Values: TypeAlias = Any  # a tensor or an array
State: TypeAlias = tuple[Values, ...]


class MergeableMetric(keras.metrics.Metric):
    """Base class of metrics with their own `merge`; the variables begin at 0."""

    def add_state(self, shape: tuple[int, ...], dtype: str, name: str) -> keras.Variable:
        """A variable that each replica has its own copy of; reading it as a whole is an error."""
        return self.add_variable(shape, "zeros", dtype, aggregation="none", name=name)

    def merge(self, a: State, b: State) -> State:
        """The state of everything that `a` and `b` have seen; a state of zeros changes nothing."""
        raise NotImplementedError

    def state(self) -> tuple[np.ndarray, ...]:
        """The variables' values, this process' replicas merged."""
        states = [tuple(variable.numpy() for variable in replica) for replica in self._replicas()]
        return tuple(np.asarray(value) for value in functools.reduce(self.merge, states))

    def merge_state(self, metrics: Iterable["MergeableMetric"]):
        """Adds the states of other metrics of this kind, which stay unchanged."""
        merged = functools.reduce(self.merge, [metric.state() for metric in (self, *metrics)])
        self.reset_state()
        for variable, value in zip(self._replicas()[0], merged, strict=True):
            variable.assign(value)

    def reset_state(self):
        """Forgets everything seen so far."""
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
    """Base class of distances between two sets, `reals` and `fakes`, each a `MergeableMetric`.

    The sets may differ in size: `distance.reals.update_state(values)` adds to one of them.
    """

    def __init__(self, reals: MergeableMetric, fakes: MergeableMetric, name: str):
        super().__init__(name=name)
        self.reals, self.fakes = reals, fakes

    def update_state(self, reals: Values, fakes: Values):
        """Adds `reals` [N, D] and `fakes` [M, D] to their sets."""
        self.reals.update_state(reals)
        self.fakes.update_state(fakes)

    def merge_state(self, metrics: Iterable["DistanceMetric"]):
        """Adds the states of other metrics of this kind, which stay unchanged."""
        metrics = list(metrics)
        self.reals.merge_state([metric.reals for metric in metrics])
        self.fakes.merge_state([metric.fakes for metric in metrics])

    def reset_state(self):
        """Forgets everything seen so far."""
        self.reals.reset_state()
        self.fakes.reset_state()
