import numpy as np
import pytest

from metrics.weights.networks import make_c3d
from metrics.weights.published import PublishedFile
from support.errors import UserError
from tests.metrics.weights.files import torch_arrays


class Arrays(PublishedFile):
    """A file of PyTorch's names and layout that is none."""

    kind, errors, name_of, parts = "file", (OSError,), "{layer}.{part}", ("weight", "bias")

    def __init__(self, arrays):
        self.arrays = arrays
        super().__init__("c3d.pth")

    def _find(self):
        return {name: array.shape for name, array in self.arrays.items()}

    def _read(self, name):
        return self.arrays[name]


@pytest.fixture
def arrays(c3d):
    return torch_arrays(c3d)


def refused(arrays, match):
    with pytest.raises(UserError, match=match):
        make_c3d(Arrays(arrays), "chw")


def test_kernels_lie_as_ours_do(arrays, c3d):
    made = make_c3d(Arrays(arrays), "chw")
    theirs, ours = arrays["conv2.weight"], made.get_layer("conv2").kernel.numpy()
    assert theirs.shape == (4, 2, 3, 3, 3)
    assert ours[0, 1, 2, 1, 3] == theirs[3, 1, 0, 1, 2]
    assert made.fc7.kernel.numpy()[5, 9] == arrays["fc7.weight"][9, 5]
    assert made.fc6.kernel.numpy()[(2 * 4 + 3) * 16 + 7, 9] == arrays["fc6.weight"][9, 7 * 16 + 11]


@pytest.mark.parametrize("name", ["conv1.bias", "conv4b.weight", "fc8.bias", "fc8.weight"])
def test_a_missing_array_is_named(arrays, name):
    del arrays[name]
    refused(arrays, f"should hold the arrays of C3D, and no others. Received: without {name}$")


def test_every_missing_and_superfluous_array_is_named(arrays):
    del arrays["conv1.bias"], arrays["fc7.weight"]
    arrays |= {"fc9.weight": np.zeros((2, 2)), "bn1.weight": np.zeros(2)}
    refused(arrays, "without conv1.bias, fc7.weight, and with bn1.weight, fc9.weight$")


def test_another_network_is_refused():
    refused({"layer1.weight": np.zeros((64, 3, 7, 7))}, "without conv1.bias.*with layer1.weight")
    refused({}, "without conv1.bias, .*, conv3a.bias and 17 more$")


def test_names_are_printed_escaped_and_few_of_many(arrays):
    arrays |= {f"{i:05}\n\x1b[2J": np.zeros(2) for i in range(2000)}
    refused(arrays, r"with 00000\\n\\x1b\[2J, 00001.*, 00004\\n\\x1b\[2J and 1995 more$")


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("conv1.weight", (3, 3, 3, 3, 2), r"conv1.weight of shape \[2, 3, 3, 3, 3\]"),
        ("conv3b.weight", (8, 8, 3, 3), r"conv3b.weight of shape \[8, 8, 3, 3, 3\]"),
        ("conv3b.bias", (7,), r"conv3b.bias of shape \[8\]. Received: \[7\]"),
        ("fc6.weight", (256, 128), r"fc6.weight of shape \[128, 256\]. Received: \[256, 128\]"),
        ("fc8.weight", (6, 128), r"fc8.weight of shape \[5, 128\]. Received: \[6, 128\]"),
        ("conv1.bias", (3,), r"conv1.weight of shape \[3, 3, 3, 3, 3\]"),
        ("conv1.bias", (65,), r"1 to 64 numbers at conv1.bias. Received: shape \[65\]"),
        ("conv1.bias", (2, 2), r"1 to 64 numbers at conv1.bias. Received: shape \[2, 2\]"),
        ("conv1.bias", (), r"1 to 64 numbers at conv1.bias. Received: shape \[\]"),
        ("fc8.bias", (0,), r"1 to 10000 numbers at fc8.bias. Received: shape \[0\]"),
    ],
)
def test_another_shape_is_refused(arrays, name, shape, message):
    refused(arrays | {name: np.zeros(shape, np.float32)}, message)


def test_leading_axes_of_length_one_are_let_pass(arrays, c3d):
    arrays["fc7.weight"] = arrays["fc7.weight"][None, None, None]
    arrays["conv1.bias"] = arrays["conv1.bias"][None, None]
    made = make_c3d(Arrays(arrays), "chw")
    np.testing.assert_array_equal(made.fc7.kernel.numpy(), c3d.fc7.kernel.numpy())


def test_what_is_no_number_is_refused(arrays):
    broken = arrays["fc7.bias"].copy()
    broken[3] = np.nan
    refused(
        arrays | {"fc7.bias": broken},
        "should hold finite numbers. Received: NaN or infinity at fc7.bias",
    )
    refused(
        arrays | {"fc7.bias": np.ones(128, int)}, "should hold floats at fc7.bias. Received: int"
    )


def test_doubles_are_rounded(arrays, c3d):
    arrays["fc7.bias"] = arrays["fc7.bias"].astype(np.float64)
    made = make_c3d(Arrays(arrays), "chw")
    np.testing.assert_array_equal(made.fc7.bias.numpy(), c3d.fc7.bias.numpy())
