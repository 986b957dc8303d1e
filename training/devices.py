"""Which devices train."""

import tensorflow as tf

from support.errors import UserError


def strategy_for(devices: list[str]) -> tf.distribute.Strategy:
    """`MirroredStrategy` over `devices` ("GPU:0"), by default over all GPUs, or else the CPU.

    Raises:
        UserError: a device that is not there.
    """
    known = [d.name.removeprefix("/device:") for d in tf.config.list_logical_devices()]
    missing = [device for device in devices if device not in known]
    if missing:
        raise UserError(f"--devices should be among {', '.join(known)}. Received: {missing[0]}")
    gpus = [name for name in known if name.startswith("GPU")]
    return tf.distribute.MirroredStrategy(devices or gpus or ["CPU:0"])
