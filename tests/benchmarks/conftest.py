"""Benchmarks set up their process; tests share one."""

import pytest
import tensorflow as tf


@pytest.fixture(autouse=True)
def _tensorfloat32():
    """Puts the setting of TensorFloat-32 back."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)
