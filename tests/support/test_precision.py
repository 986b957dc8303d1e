import pytest
import tensorflow as tf

from support.precision import without_tf32

enabled = tf.config.experimental.tensor_float_32_execution_enabled


@pytest.fixture(autouse=True)
def restored():
    before = enabled()
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)


@pytest.mark.parametrize("before", [True, False])
def test_the_setting_is_restored(before):
    tf.config.experimental.enable_tensor_float_32_execution(before)
    with without_tf32():
        assert not enabled()
    assert enabled() is before
    with pytest.raises(ArithmeticError), without_tf32():
        raise ArithmeticError
    assert enabled() is before


@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="no GPU")
def test_a_convolution_is_as_exact_as_float32():
    tf.config.experimental.enable_tensor_float_32_execution(True)
    x = tf.random.stateless_normal((2, 8, 16, 16, 32), (0, 0))
    kernel = tf.random.stateless_normal((3, 3, 3, 32, 32), (0, 1))
    with tf.device("CPU"):
        exact = tf.nn.conv3d(x, kernel, [1] * 5, "SAME")
    with without_tf32():
        found = tf.nn.conv3d(x, kernel, [1] * 5, "SAME")
    assert float(tf.reduce_max(tf.abs(found - exact))) < 1e-3
