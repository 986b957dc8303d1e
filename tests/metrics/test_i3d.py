"""I3D against a forward pass that knows its weights by DeepMind's names and nothing of its code."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from metrics.i3d import I3D, checkpoint_variables
from support.errors import UserError

# Shapes for 18 frames, which leave an odd number to two strides and three frames to the last pool.
SHAPES = {
    "Conv3d_1a_7x7": (9, 112, 112, 64),
    "MaxPool3d_2a_3x3": (9, 56, 56, 64),
    "Conv3d_2b_1x1": (9, 56, 56, 64),
    "Conv3d_2c_3x3": (9, 56, 56, 192),
    "MaxPool3d_3a_3x3": (9, 28, 28, 192),
    "Mixed_3b": (9, 28, 28, 256),
    "Mixed_3c": (9, 28, 28, 480),
    "MaxPool3d_4a_3x3": (5, 14, 14, 480),
    "Mixed_4b": (5, 14, 14, 512),
    "Mixed_4c": (5, 14, 14, 512),
    "Mixed_4d": (5, 14, 14, 512),
    "Mixed_4e": (5, 14, 14, 528),
    "Mixed_4f": (5, 14, 14, 832),
    "MaxPool3d_5a_2x2": (3, 7, 7, 832),
    "Mixed_5b": (3, 7, 7, 832),
    "Mixed_5c": (3, 7, 7, 1024),
    "features": (1024,),
    "logits": (400,),
    "probabilities": (400,),
}


@pytest.fixture(scope="module")
def network():
    """A network with random weights, statistics and shifts that keep the size of what comes in."""
    made, random = I3D(), np.random.default_rng(0)
    for name, variable in checkpoint_variables(made).items():
        value = random.standard_normal(variable.shape)
        if name.endswith("/w"):
            value /= np.sqrt(np.prod(variable.shape[:-1]))
        elif name.endswith("/moving_variance"):
            value = np.exp(value / 2)
        else:
            value /= 2
        variable.assign(value)
    return made


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(1).uniform(-1, 1, (1, 18, 224, 224, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def points(network, clips):
    return {name: point.numpy() for name, point in network.endpoints(clips).items()}


@pytest.fixture(scope="module")
def table():
    """Names and shapes of the published checkpoint."""
    lines = (Path(__file__).parent / "i3d_variables.txt").read_text().splitlines()
    return {name: tuple(map(int, shape)) for name, *shape in map(str.split, lines)}


def same_padding(x, size, strides, value=0.0):
    """As many places out as strides begin inside; the odd one of the padding at the end."""
    pads = []
    for length, kernel, stride in zip(x.shape[1:4], size, strides, strict=True):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=value)


def windows(x, size, strides):
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2, 3))
    return view[:, :: strides[0], :: strides[1], :: strides[2]]  # [NTHWCthw]


def numpy_conv(x, kernel, stride):
    size, strides = kernel.shape[:3], (stride, stride, stride)
    x = windows(same_padding(x, size, strides), size, strides)
    frames = np.moveaxis(x, 1, 0)  # One at a time: the windows of all of them are large.
    maps = [np.einsum("nhwcijk,ijkco->nhwo", x, kernel, optimize=True) for x in frames]
    return np.stack(maps, axis=1)


def numpy_pool(x, size, strides):
    return windows(same_padding(x, size, strides, -np.inf), size, strides).max(axis=(5, 6, 7))


def torch_conv(x, kernel, stride):
    torch = pytest.importorskip("torch")
    x = same_padding(x, kernel.shape[:3], (stride, stride, stride)).transpose(0, 4, 1, 2, 3)
    tensors = x, kernel.transpose(4, 3, 0, 1, 2)
    tensors = (torch.from_numpy(np.ascontiguousarray(tensor)) for tensor in tensors)
    return torch.nn.functional.conv3d(*tensors, stride=stride).numpy().transpose(0, 2, 3, 4, 1)


def torch_pool(x, size, strides):
    torch = pytest.importorskip("torch")
    x = same_padding(x, size, strides, -np.inf).transpose(0, 4, 1, 2, 3)
    x = torch.nn.functional.max_pool3d(torch.from_numpy(np.ascontiguousarray(x)), size, strides)
    return x.numpy().transpose(0, 2, 3, 4, 1)


def forward(network, clips, conv, pool):
    """Every endpoint, from the checkpoint's variables."""
    values = {
        name.removeprefix("RGB/inception_i3d/"): variable.numpy()
        for name, variable in checkpoint_variables(network).items()
    }

    def unit(x, name, stride=1):
        x = conv(x, values[f"{name}/conv_3d/w"], stride)
        x = x - values[f"{name}/batch_norm/moving_mean"]
        x = x / np.sqrt(values[f"{name}/batch_norm/moving_variance"] + np.float32(1e-3))
        return np.maximum(x + values[f"{name}/batch_norm/beta"], 0)

    def mixed(x, name):
        last = f"{name}/Branch_2/Conv3d_0{'a' if name == 'Mixed_5b' else 'b'}_3x3"
        branches = [
            unit(x, f"{name}/Branch_0/Conv3d_0a_1x1"),
            unit(unit(x, f"{name}/Branch_1/Conv3d_0a_1x1"), f"{name}/Branch_1/Conv3d_0b_3x3"),
            unit(unit(x, f"{name}/Branch_2/Conv3d_0a_1x1"), last),
            unit(pool(x, (3, 3, 3), (1, 1, 1)), f"{name}/Branch_3/Conv3d_0b_1x1"),
        ]
        return np.concatenate(branches, axis=-1)

    pools = {
        "MaxPool3d_2a_3x3": ((1, 3, 3), (1, 2, 2)),
        "MaxPool3d_3a_3x3": ((1, 3, 3), (1, 2, 2)),
        "MaxPool3d_4a_3x3": ((3, 3, 3), (2, 2, 2)),
        "MaxPool3d_5a_2x2": ((2, 2, 2), (2, 2, 2)),
    }
    points, x = {}, clips
    for name in list(SHAPES)[:-3]:
        if name in pools:
            x = pool(x, *pools[name])
        elif name.startswith("Mixed"):
            x = mixed(x, name)
        else:
            x = unit(x, name, stride=2 if name == "Conv3d_1a_7x7" else 1)
        points[name] = x
    pairs = np.stack([x[:, t : t + 2].mean(axis=(1, 2, 3)) for t in range(x.shape[1] - 1)], axis=1)
    kernel, bias = (values[f"Logits/Conv3d_0c_1x1/conv_3d/{name}"] for name in "wb")
    points["features"] = pairs.mean(axis=1)
    points["logits"] = x = (pairs @ kernel[0, 0, 0] + bias).mean(axis=1)
    points["probabilities"] = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    return points


def test_variables_are_those_of_the_checkpoint(network, table):
    variables = checkpoint_variables(network)
    assert {name: tuple(variable.shape) for name, variable in variables.items()} == table
    assert {id(variable) for variable in variables.values()} == set(map(id, network.weights))
    assert len(network.weights) == 230
    assert network.count_params() == 12_704_544


def test_table_is_that_of_the_real_index(table, real_clips):
    index = real_clips / "i3d" / "rgb_imagenet.ckpt.index"
    variables = tf.train.list_variables(str(index.with_suffix("")))
    assert {name: tuple(shape) for name, shape in variables} == table


def test_endpoints_have_their_shapes(points):
    assert {name: point.shape for name, point in points.items()} == {
        name: (1, *shape) for name, shape in SHAPES.items()
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


def test_statistics_never_move(network, clips, points):
    before = [variable.numpy() for variable in network.non_trainable_variables]
    logits = keras.Sequential([network])(clips, training=True)
    np.testing.assert_array_equal(logits, points["logits"])
    for value, variable in zip(before, network.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(value, variable)


def test_nine_frames_suffice(network, clips):
    assert network(clips[:, :9]).shape == (1, 400)
    with pytest.raises(
        UserError, match="^Clips for I3D should have at least 9 frames. Received: 8$"
    ):
        network.endpoints(clips[:, :8])


@pytest.mark.parametrize("shape", [(1, 9, 224, 112, 3), (1, 9, 112, 224, 3), (9, 224, 224, 3)])
def test_another_shape_is_a_mistake(network, shape):
    with pytest.raises(ValueError, match=r"shape \[N, T, 224, 224, 3\]\. Received"):
        network.endpoints(np.zeros(shape, np.float32))
