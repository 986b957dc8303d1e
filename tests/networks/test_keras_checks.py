"""Keras' own checks of layers: serialization, data types, shapes, masks, a step of training."""

import pytest
from keras.src.testing import TestCase

from networks.heads import ScalarHead, SlicedHead
from networks.layers import EqualizedConv3D, EqualizedDense

CLIPS = (2, 2, 4, 4, 3)


@pytest.mark.parametrize(
    ("layer", "arguments", "shapes", "weights"),
    [
        (EqualizedDense, {"inputs": 6, "outputs": (4,), "gain": 1.0}, ((2, 6), (2, 4)), 2),
        (EqualizedDense, {"inputs": 6, "outputs": (2, 3)}, ((2, 2, 3), (2, 2, 3)), 2),
        (EqualizedConv3D, {"inputs": 3, "outputs": 5}, (CLIPS, (*CLIPS[:4], 5)), 2),
        (EqualizedConv3D, {"inputs": 3, "outputs": 5, "size": 1}, (CLIPS, (*CLIPS[:4], 5)), 2),
        (
            EqualizedConv3D,
            {"inputs": 3, "outputs": 5, "downscale": (1, 2, 2)},
            (CLIPS, (2, 2, 2, 2, 5)),
            2,
        ),
        (SlicedHead, {"size": 4}, ((3, 4), (3,)), 3),
        (ScalarHead, {"size": 4}, ((3, 4), (3,)), 2),
    ],
)
def test_layer(layer, arguments, shapes, weights):
    given, expected = shapes
    TestCase().run_layer_test(
        layer,
        arguments,
        input_shape=given,
        expected_output_shape=expected,
        expected_num_trainable_weights=weights,
        expected_num_non_trainable_weights=0,
        expected_num_seed_generators=0,
        supports_masking=False,
    )
