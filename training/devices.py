"""Which devices train: those of this machine, or of all machines that TF_CONFIG lists."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from support.errors import UserError
from support.json_files import parse_json
from support.script import say

_SCHEMA = {"cluster": {str: [str]}, "task": {"type": str, "index": int}}


class Cluster(NamedTuple):
    """The workers of TF_CONFIG."""

    workers: dict[tuple[str, int], str]  # (type, index): "host:port"; the chief first
    task: tuple[str, int]  # which of them this process is

    def name(self, task: tuple[str, int]) -> str:
        """Such as "worker 1 (host:port)"."""
        return f"worker {list(self.workers).index(task)} ({self.workers[task]})"

    @property
    def place(self) -> tuple[int, int]:
        """The index of this process, and the number of workers."""
        return list(self.workers).index(self.task), len(self.workers)


def make_deterministic():
    """Makes operations give the same bytes each time; to be called before the first one runs."""
    tf.config.experimental.enable_op_determinism()
    # Operations that run side by side on a CPU add up in an order that differs each time.
    tf.config.threading.set_inter_op_parallelism_threads(1)


def allow_tensorfloat32(allowed: bool):
    """Whether convolutions and matrix products of this process may use TensorFloat-32 on GPUs.

    TensorFlow allows it by default, and then computes gradient penalties with 10 bits too.
    """
    tf.config.experimental.enable_tensor_float_32_execution(allowed)


def strategy_for(devices: list[str]) -> tf.distribute.Strategy:
    """How training is distributed; to be called before anything else runs on a device.

    With TF_CONFIG in the environment, `MultiWorkerMirroredStrategy` over all GPUs of all workers,
    or else the CPU of each; it waits for all workers. Without it, `MirroredStrategy` over
    `devices` ("GPU:0"), by default over all GPUs, or else the CPU.

    Raises:
        UserError: a device that is not there, or a TF_CONFIG that does not describe workers.
    """
    if read_cluster():
        if devices:
            raise UserError(
                "`devices` should be left out where TF_CONFIG lists several workers "
                f"(CUDA_VISIBLE_DEVICES chooses). Received: {','.join(devices)}"
            )
        # NCCL knows GPUs alone.
        kinds = tf.distribute.experimental.CommunicationImplementation
        kind = kinds.NCCL if tf.config.list_physical_devices("GPU") else kinds.RING
        options = tf.distribute.experimental.CommunicationOptions(implementation=kind)
        return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    return local_strategy(devices)


def local_strategy(devices: list[str]) -> tf.distribute.Strategy:
    """`MirroredStrategy` over the devices that `local_devices` names."""
    return tf.distribute.MirroredStrategy(local_devices(devices))


def local_devices(devices: list[str]) -> list[str]:
    """`devices` of this machine, by default all GPUs, or else the CPU.

    Raises:
        UserError: a device that is not there.
    """
    known = [d.name.removeprefix("/device:") for d in tf.config.list_logical_devices()]
    missing = [device for device in devices if device not in known]
    if missing:
        raise UserError(f"`devices` should be among {', '.join(known)}. Received: {missing[0]}")
    gpus = [name for name in known if name.startswith("GPU")]
    return devices or gpus or ["CPU:0"]


def describe_devices(strategy: tf.distribute.Strategy) -> list[str]:
    """The names of this process' devices; warns where TensorFlow does not see an NVIDIA card."""
    names = [name.rpartition("device:")[2] for name in strategy.extended.worker_devices]
    if not any(name.startswith("GPU") for name in names) and Path("/dev/nvidia0").exists():
        say("Warning: TensorFlow does not see the NVIDIA card (make install GPU=1).")
    return names


def read_cluster() -> Cluster | None:
    """What TF_CONFIG in the environment says; None where it is not set, or lists one worker.

    Raises:
        UserError: it is not what `MultiWorkerMirroredStrategy` reads.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return None
    with contextlib.suppress(UserError):
        config = parse_json(text, "TF_CONFIG", _SCHEMA)
        cluster, task = config["cluster"], (config["task"]["type"], config["task"]["index"])
        workers = {
            (kind, index): address
            for kind in ("chief", "worker")
            for index, address in enumerate(cluster.get(kind, ()))
        }
        if cluster.keys() <= {"chief", "worker"} and task in workers:
            return Cluster(workers, task) if len(workers) > 1 else None
    raise UserError(
        'TF_CONFIG should be {"cluster": {"worker": ["host:port", ...]}, "task": {"type": '
        f'"worker", "index": 0}}}}, with the index of one of the workers. Received: {text}'
    )
