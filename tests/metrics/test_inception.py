import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from metrics import weights
from metrics.preprocess import preprocess
from metrics.protocols import protocol
from support.errors import UserError

CLASSES = 5


@pytest.fixture(scope="module")
def theirs():
    """Inception-v3 of keras.applications with random weights and statistics."""
    keras.utils.set_random_seed(0)
    model = keras.applications.InceptionV3(weights=None, classes=CLASSES)
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            beta, mean, variance = (w.shape for w in layer.weights)
            values = random.normal(0, 0.1, beta), random.normal(0, 0.1, mean)
            layer.set_weights([*values, random.uniform(0.5, 2, variance)])
    return model


@pytest.fixture(scope="module")
def converted(theirs, tmp_path_factory):
    """The weights as Keras 2 publishes them, converted."""
    folder = tmp_path_factory.mktemp("inception")
    counts: dict = {}
    with h5py.File(folder / "published.h5", "w") as file:
        for layer in sorted(theirs.layers, key=lambda layer: _number(layer.name)):
            kind = layer.name.rstrip("0123456789").rstrip("_")
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{kind}_{counts[kind]}" if kind != "predictions" else kind
            names = [f"{name}/{w.name}:0" for w in layer.weights]
            for place, value in zip(names, layer.get_weights(), strict=True):
                file[f"{name}/{place}"] = value
            if names:
                file[name].attrs["weight_names"] = [place.encode() for place in names]
    output = folder / "inception.weights.h5"
    weights.convert(folder / "published.h5", output)
    return weights.load(output)


def _number(name):
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits or 0)


def test_pool_and_classes_are_those_of_keras(theirs, converted):
    network, about, mean = converted
    assert (about["network"], about["num_classes"], mean) == ("inception", CLASSES, None)
    frames = np.random.default_rng(1).integers(0, 256, (2, 1, 32, 24, 3), np.uint8)
    ready = preprocess(frames, protocol("inception_keras"))
    points = network.endpoints(tf.constant(ready))
    expected = keras.applications.inception_v3.preprocess_input(
        _bilinear(frames[:, 0].astype(np.float64), 299)
    )
    np.testing.assert_allclose(ready[:, 0], expected, atol=1e-4)
    pool = keras.Model(theirs.input, theirs.get_layer("mixed10").output)(expected).numpy()
    np.testing.assert_allclose(points["pool"], pool.mean((1, 2)), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(points["probabilities"], theirs(expected), atol=1e-4)
    assert points["pool"].shape == (2, 2048)


def _bilinear(images, side):
    """Bilinear interpolation with aligned pixel centres, by its definition."""
    for axis in (1, 2):
        length = images.shape[axis]
        place = np.clip((np.arange(side) + 0.5) * length / side - 0.5, 0, length - 1)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, length - 1)
        shape = [1, 1, 1, 1]
        shape[axis] = side
        share = (place - low).reshape(shape)
        images = np.take(images, low, axis) * (1 - share) + np.take(images, high, axis) * share
    return images.astype(np.float32)


def test_several_frames_are_refused():
    clips = np.zeros((1, 2, 8, 8, 3), np.uint8)
    with pytest.raises(UserError, match="single frames. Use evaluate.py frames. Received: 2"):
        preprocess(clips, protocol("inception_keras"))
