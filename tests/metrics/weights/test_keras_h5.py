import h5py
import numpy as np
import pytest

from metrics import weights
from metrics.weights.keras_h5 import KerasFile
from support.errors import UserError
from tests.metrics.weights.files import write_keras2


@pytest.fixture
def path(tmp_path, c3d):
    write_keras2(tmp_path / "c3d.h5", c3d)
    return tmp_path / "c3d.h5"


def test_the_whole_model_may_have_been_saved(tmp_path, c3d):
    write_keras2(tmp_path / "model.h5", c3d, root="model_weights")
    with h5py.File(tmp_path / "model.h5", "a") as file:
        file.create_group("optimizer_weights").attrs["weight_names"] = [b"Adam/iterations:0"]
    file = KerasFile(tmp_path / "model.h5")
    assert len(file.shapes) == 22
    np.testing.assert_array_equal(file.read("conv2/kernel"), c3d.get_layer("conv2").kernel.numpy())
    np.testing.assert_array_equal(file.read("fc8/bias"), c3d.fc8.bias.numpy())


def test_names_may_be_text(path, c3d):
    with h5py.File(path, "a") as file:
        file["conv1"].attrs["weight_names"] = ["conv1/kernel:0", "conv1/bias:0"]
    np.testing.assert_array_equal(
        KerasFile(path).read("conv1/kernel"), c3d.get_layer("conv1").kernel.numpy()
    )


def test_more_than_kernel_and_bias_is_superfluous(path, tmp_path):
    with h5py.File(path, "a") as file:
        file["conv1/gamma"] = np.ones(2, "f4")
        file["conv1"].attrs["weight_names"] = [b"conv1/kernel:0", b"conv1/bias:0", b"gamma"]
    with pytest.raises(UserError, match="should hold the arrays of C3D.*with conv1/2$"):
        weights.convert(path, tmp_path / "c.weights.h5")


def test_the_order_of_theano_is_refused(path, tmp_path):
    with h5py.File(path, "a") as file:
        kernel = file["conv1/conv1/kernel:0"][()]
        del file["conv1/conv1/kernel:0"]
        file["conv1/conv1/kernel:0"] = kernel.transpose(4, 3, 0, 1, 2)
    with pytest.raises(
        UserError, match=r"conv1/kernel of shape \[3, 3, 3, 3, 2\]. Received: \[2, 3"
    ):
        weights.convert(path, tmp_path / "c.weights.h5")


def _link(file, name, link):
    del file[name]
    file[name] = link


def _elsewhere(file, name, elsewhere):
    shape = file[name].shape
    del file[name]
    if elsewhere == "external":
        file.create_dataset(name, shape, "f4", external=[("secret", 0, h5py.h5f.UNLIMITED)])
    else:
        layout = h5py.VirtualLayout(shape, "f4")
        layout[:] = h5py.VirtualSource("other.h5", "fc8/fc8/kernel:0", shape)
        file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: _link(file, "fc8", h5py.ExternalLink("other.h5", "/fc8")),
        lambda file: _link(file, "fc8", h5py.SoftLink("/fc7")),
        lambda file: _link(file, "fc8/fc8/kernel:0", h5py.ExternalLink("other.h5", "/x")),
        lambda file: _elsewhere(file, "fc8/fc8/kernel:0", "external"),
        lambda file: _elsewhere(file, "fc8/fc8/kernel:0", "virtual"),
    ],
)
def test_a_file_that_points_elsewhere_is_refused(path, change):
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(UserError, match="c3d.h5 should hold its data itself, .* Received: .*fc8"):
        KerasFile(path)


def test_a_group_within_itself_is_walked_once(path):
    with h5py.File(path, "a") as file:
        file["conv1/again"] = file["/"]
    assert len(KerasFile(path).shapes) == 22


def test_a_name_without_its_array_is_refused(path):
    with h5py.File(path, "a") as file:
        del file["fc8/fc8/kernel:0"]
    with pytest.raises(
        UserError, match="c3d.h5 should be a whole HDF5 file.*fc8/kernel:0|kernel:0"
    ):
        KerasFile(path)
