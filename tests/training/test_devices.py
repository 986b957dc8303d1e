import json

import pytest
import tensorflow as tf

from support.errors import UserError
from training.devices import read_cluster, strategy_for

TWO = {"worker": ["a:1", "b:2"]}


def _set(monkeypatch, cluster, kind="worker", index=0):
    config = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))


def test_the_cpu_or_the_devices_that_are_asked_for():
    assert strategy_for([]).num_replicas_in_sync == 1
    assert strategy_for(["CPU:0", "CPU:1", "CPU:3"]).num_replicas_in_sync == 3
    with pytest.raises(UserError, match="`devices` should be among CPU:0.* Received: GPU:7"):
        strategy_for(["CPU:0", "GPU:7"])


def test_the_chief_comes_first(monkeypatch):
    _set(monkeypatch, {"worker": ["b:2", "c:3"], "chief": ["a:1"]}, index=1)
    cluster = read_cluster()
    assert [cluster.name(task) for task in cluster.workers] == [
        "worker 0 (a:1)",
        "worker 1 (b:2)",
        "worker 2 (c:3)",
    ]
    assert cluster.name(cluster.task) == "worker 2 (c:3)"


def test_one_worker_is_no_cluster(monkeypatch):
    _set(monkeypatch, {"worker": ["a:1"]})
    assert read_cluster() is None
    assert isinstance(strategy_for([]), tf.distribute.MirroredStrategy)


@pytest.mark.parametrize(
    "text",
    [
        "worker",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:2"]}}',
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:2"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": 2}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": "abc"}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": true}}',
        "[" * 100_000,
    ],
)
def test_another_tf_config_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="TF_CONFIG should be"):
        strategy_for([])


def test_devices_are_not_picked_for_several_workers(monkeypatch):
    _set(monkeypatch, TWO)
    with pytest.raises(UserError, match="`devices` should be left out .* Received: CPU:0"):
        strategy_for(["CPU:0"])
