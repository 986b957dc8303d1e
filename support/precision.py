"""Float32 that is computed as float32."""

import contextlib

import tensorflow as tf


@contextlib.contextmanager
def without_tf32():
    """Within it, float32 is not replaced by TensorFloat-32.

    GPUs since Ampere have 10 bits of mantissa in TensorFloat-32, and TensorFlow uses it by default
    in convolutions and matrix products. The setting is the process'; it is restored at the end.
    """
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)
