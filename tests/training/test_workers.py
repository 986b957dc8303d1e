import json

import pytest
import tensorflow as tf

from support.errors import UserError
from training.devices import Cluster
from training.workers import Workers, name_lost, report_lost_worker

CLUSTER = Cluster({("worker", 0): "a:1", ("worker", 1): "b:2", ("worker", 2): "c:3"}, ("worker", 1))


def test_alone_one_is_the_chief_and_waits_for_nobody():
    workers = Workers(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    assert workers.is_chief
    assert workers.local_replicas == 2
    assert workers.gather(7) == [7]
    workers.wait()
    workers.check_same("seed", 3)
    variable = tf.Variable(5.0)
    workers.broadcast_from_chief([variable])
    assert variable.numpy() == 5


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("from remote target /job:worker/replica:0/task:2 while calling RecvBuf", "worker 2 (c:3)"),
        ("at /job:worker/task:1: unhealthy: /job:worker/replica:0/task:0", "worker 0 (a:1)"),
        ("Deadline Exceeded\n\nRPC: /tensorflow.CoordinationService/Heartbeat", "worker 0 (a:1)"),
        ("Collective ops is aborted", "another worker"),
    ],
)
def test_the_lost_worker_is_named(message, name):
    assert name_lost(CLUSTER, message) == name


def test_a_lost_worker_is_reported_where_there_are_several_workers(monkeypatch):
    lost = tf.errors.UnavailableError(None, None, "/job:worker/replica:0/task:1 is gone")
    with pytest.raises(tf.errors.UnavailableError), report_lost_worker():
        raise lost
    config = {"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    with pytest.raises(UserError, match=r"Lost worker 1 \(b:2\)"), report_lost_worker():
        raise lost
