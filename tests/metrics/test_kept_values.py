import numpy as np
import tensorflow as tf

from metrics.kept_values import KeptValues


def test_values_are_kept_in_order():
    kept = KeptValues(3, max_clips=6)
    values = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    update = tf.function(kept.update_state, reduce_retracing=True)
    for part in np.split(values, [2, 5]):
        update(part)
    np.testing.assert_array_equal(kept.result(), values)
    fewer = KeptValues(3, max_clips=6)
    fewer.update_state(values[:2])
    np.testing.assert_array_equal(fewer.result(), values[:2])
