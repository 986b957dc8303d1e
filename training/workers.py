"""Multi-worker training: one process per machine, all running the same loop in lockstep.

Worker 0 is the chief. It alone writes the run folder; the others receive its state.
"""

import contextlib
import hashlib
import re

import tensorflow as tf

from support.errors import UserError
from training.devices import Cluster, read_cluster

# Errors of collectives, and of the service that watches the workers.
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


class Workers:
    """The workers of a strategy: one, unless TF_CONFIG lists several.

    Args:
        strategy: of `training.devices.strategy_for`.

    Attributes:
        index: of this process; 0 is the chief.
        local_replicas: how many replicas each worker has.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        self.local_replicas = len(strategy.extended.worker_devices)
        cluster = read_cluster()
        self._several = cluster is not None
        self.index = cluster.place[0] if cluster else 0

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run folder."""
        return self.index == 0

    def gather(self, value: int) -> list[int]:
        """The `value` of each replica's worker, in order; each worker has to call it, and waits."""
        if not self._several:
            return [value]
        return self._gather(tf.constant([value], tf.int64)).numpy().tolist()

    def wait(self):
        """Returns once all workers have called it."""
        self.gather(0)

    def check_same(self, what: str, value: object):
        """Raises `UserError` at all workers unless their values have the same `repr`."""
        digest = hashlib.sha256(repr(value).encode()).digest()
        if len(set(self.gather(int.from_bytes(digest[:7])))) > 1:
            raise UserError(f"All workers should have the same {what}. Received: different ones")

    def broadcast_from_chief(self, variables: list[tf.Variable]):
        """Gives `variables` the values that they have at the chief; each worker has to call it."""
        if self._several:
            for variable in variables:
                variable.assign(self._from_chief(tf.convert_to_tensor(variable)))

    @tf.function(reduce_retracing=True)
    def _gather(self, value):
        return self.strategy.gather(self.strategy.run(lambda: value), axis=0)

    @tf.function
    def _from_chief(self, value):
        def part():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            return tf.where(replica == 0, value, tf.zeros_like(value))

        return self.strategy.reduce("SUM", self.strategy.run(part), axis=None)


@contextlib.contextmanager
def report_lost_worker():
    """Converts TensorFlow's errors about a worker that is gone or silent into a `UserError`."""
    try:
        yield
    except _LOST as error:
        cluster = read_cluster()
        if not cluster:
            raise
        raise UserError(
            f"Lost {name_lost(cluster, error.message)}. Restart the same command on all machines "
            "to resume from the last checkpoint."
        ) from error


def name_lost(cluster: Cluster, message: str) -> str:
    """The worker that TensorFlow's `message` is about, such as "worker 1 (host:port)"."""
    named = re.findall(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)", message)
    others = [(kind, int(index)) for kind, index in named if (kind, int(index)) != cluster.task]
    if others:
        return cluster.name(others[0])
    if "CoordinationService" in message:  # It runs at the chief.
        return cluster.name(next(iter(cluster.workers)))
    return "another worker"
