"""C3D against a forward pass that knows its weights and nothing of its code."""

import numpy as np
import pytest
import tensorflow as tf

from metrics.c3d import C3D

WIDTH = 2
SHAPES = {
    "conv1": (16, 112, 112, WIDTH),
    "pool1": (16, 56, 56, WIDTH),
    "conv2": (16, 56, 56, 2 * WIDTH),
    "pool2": (8, 28, 28, 2 * WIDTH),
    "conv3a": (8, 28, 28, 4 * WIDTH),
    "conv3b": (8, 28, 28, 4 * WIDTH),
    "pool3": (4, 14, 14, 4 * WIDTH),
    "conv4a": (4, 14, 14, 8 * WIDTH),
    "conv4b": (4, 14, 14, 8 * WIDTH),
    "pool4": (2, 7, 7, 8 * WIDTH),
    "conv5a": (2, 7, 7, 8 * WIDTH),
    "conv5b": (2, 7, 7, 8 * WIDTH),
    "pool5": (1 * 4 * 4 * 8 * WIDTH,),
    "fc6_linear": (64 * WIDTH,),
    "fc6": (64 * WIDTH,),
    "fc7": (64 * WIDTH,),
    "logits": (10,),
    "probabilities": (10,),
}


def random_network(num_classes):
    """A narrow network whose weights keep the size of what comes in."""
    made, random = C3D(num_classes, WIDTH), np.random.default_rng(0)
    for variable in made.weights:
        deviation = np.sqrt(2 / np.prod(variable.shape[:-1])) if len(variable.shape) > 1 else 0.3
        variable.assign(deviation * random.standard_normal(variable.shape))
    return made


@pytest.fixture(scope="module")
def network():
    return random_network(num_classes=10)


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(1).standard_normal((2, 16, 112, 112, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def points(network, clips):
    return {name: point.numpy() for name, point in network.endpoints(clips).items()}


def numpy_conv(x, kernel, bias):
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3, 3), axis=(1, 2, 3))
    return np.einsum("nabcithw,thwio->nabco", windows, kernel, optimize=True) + bias


def numpy_pool(x, size):
    """Largest of each block; the blocks at the far end may be cut short."""
    pads = [(0, -length % factor) for length, factor in zip(x.shape[1:4], size, strict=True)]
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=-np.inf)
    n, t, h, w, c = x.shape
    blocks = x.reshape(n, t // size[0], size[0], h // size[1], size[1], w // size[2], size[2], c)
    return blocks.max(axis=(2, 4, 6))


def torch_conv(x, kernel, bias):
    torch = pytest.importorskip("torch")
    tensors = x.transpose(0, 4, 1, 2, 3), kernel.transpose(4, 3, 0, 1, 2), bias
    tensors = (torch.from_numpy(np.ascontiguousarray(tensor)) for tensor in tensors)
    return torch.nn.functional.conv3d(*tensors, padding=1).numpy().transpose(0, 2, 3, 4, 1)


def torch_pool(x, size):
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 4, 1, 2, 3)))
    x = torch.nn.functional.max_pool3d(x, size, ceil_mode=True)
    return x.numpy().transpose(0, 2, 3, 4, 1)


def forward(network, clips, conv, pool):
    """Every endpoint, from the network's weights."""

    def weights(layer):
        return network.get_layer(layer).get_weights()

    points, x = {}, clips
    for stage in [["1"], ["2"], ["3a", "3b"], ["4a", "4b"], ["5a", "5b"]]:
        for name in stage:
            points[f"conv{name}"] = x = np.maximum(conv(x, *weights(f"conv{name}")), 0)
        number = stage[0][0]
        points[f"pool{number}"] = x = pool(x, (1 if number == "1" else 2, 2, 2))
    points["pool5"] = x = x[:, 0].reshape(len(x), -1)  # One frame: rows, columns, maps.
    points["fc6_linear"] = x = np.add(x @ weights("fc6")[0], weights("fc6")[1])
    points["fc6"] = x = np.maximum(x, 0)
    points["fc7"] = x = np.maximum(x @ weights("fc7")[0] + weights("fc7")[1], 0)
    points["logits"] = x = x @ weights("fc8")[0] + weights("fc8")[1]
    points["probabilities"] = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    return points


@pytest.mark.parametrize(
    ("num_classes", "parameters"), [(101, 78_409_573), (487, 79_991_015)], ids=["ucf101", "sports"]
)
def test_number_of_parameters(num_classes, parameters):
    assert C3D(num_classes).count_params() == parameters


def test_endpoints_have_their_shapes(points):
    assert {name: point.shape for name, point in points.items()} == {
        name: (2, *shape) for name, shape in SHAPES.items()
    }


@pytest.mark.parametrize(
    ("conv", "pool"), [(numpy_conv, numpy_pool), (torch_conv, torch_pool)], ids=["numpy", "torch"]
)
def test_endpoints_are_those_of_another_forward_pass(network, clips, points, conv, pool):
    expected = forward(network, clips, conv, pool)
    assert expected.keys() == points.keys()
    for name, point in points.items():
        tolerance = 1e-4 * expected[name].std()
        np.testing.assert_allclose(point, expected[name], 1e-4, tolerance, err_msg=name)


def test_pool5_pads_at_the_end_only(points):
    x = points["conv5b"]
    at_both_ends = numpy_pool(np.pad(x, [(0, 0), (0, 0), (1, 0), (1, 0), (0, 0)]), (2, 2, 2))
    assert at_both_ends.size == points["pool5"].size
    difference = at_both_ends.reshape(points["pool5"].shape) - points["pool5"]
    assert np.linalg.norm(difference) > 0.3 * np.linalg.norm(points["pool5"])


def test_call_gives_the_logits(network, clips, points):
    np.testing.assert_array_equal(network(clips), points["logits"])


def test_any_number_of_clips_in_a_graph(network, clips, points):
    signature = [tf.TensorSpec([None, 16, 112, 112, 3])]
    logits = tf.function(network, input_signature=signature)(clips[:1])
    np.testing.assert_allclose(logits, points["logits"][:1], rtol=1e-4, atol=1e-4)


def test_training_drops_half_of_fc6_and_keeps_the_mean(clips):
    network = random_network(num_classes=10)
    network.fc7.set_weights([np.eye(64 * WIDTH), np.zeros(64 * WIDTH)])  # What fc6 hands on.
    points = network.endpoints(clips, training=True)
    live = points["fc6"].numpy() > 0
    kept = points["fc7"].numpy()[live] / points["fc6"].numpy()[live]
    assert set(kept.round(4)) == {0, 2}
    assert 0.5 < kept.mean() < 1.5


def test_training_drops_half_of_fc7(clips):
    network = random_network(num_classes=64 * WIDTH)
    network.fc8.set_weights([np.eye(64 * WIDTH), np.zeros(64 * WIDTH)])  # What fc7 hands on.
    points = network.endpoints(clips, training=True)
    live = points["fc7"].numpy() > 0
    kept = points["logits"].numpy()[live] / points["fc7"].numpy()[live]
    assert set(kept.round(4)) == {0, 2}


@pytest.mark.parametrize("shape", [(1, 8, 112, 112, 3), (1, 16, 112, 111, 3), (16, 112, 112, 3)])
def test_another_shape_is_a_mistake(network, shape):
    with pytest.raises(ValueError, match=r"shape \[N, 16, 112, 112, 3\]\. Received"):
        network.endpoints(np.zeros(shape, np.float32))
