"""How near generated clips are to a given one in the features of a network, with a gradient."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from growth.resample import upscale
from metrics.preprocess import preprocess_floats
from scoring.features import Extractor
from support.media import from_uint8


def feature_distance(extractor: Extractor, target: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
    """The distance of features to those of a clip, over the length of these.

    Args:
        extractor: network and protocol.
        target: [T, H, W, 3] uint8 at the full size.

    Returns:
        Maps clips [N, t, h, w, 3] in [-1, 1], which are enlarged to the target's size, to [N].
    """
    shape = target.shape[:3]

    def features(clips):
        factors = [full // small for full, small in zip(shape, clips.shape[1:4], strict=True)]
        clips = tf.clip_by_value(upscale(clips, tuple(factors)), -1, 1)
        ready = preprocess_floats(clips, extractor.protocol, extractor.mean)
        return extractor.network.endpoints(ready)[extractor.protocol.features]

    goal = features(tf.constant(from_uint8(target[None])))
    length = tf.norm(goal) + 1e-6

    def distance(clips):
        return tf.sqrt(tf.reduce_sum(tf.square(features(clips) - goal), -1) + 1e-12) / length

    return distance
