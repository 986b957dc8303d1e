import zipfile

import numpy as np
import pytest

from metrics.weights.chainer import ChainerFile
from support.errors import UserError


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read(tmp_path, save):
    arrays = {"conv1a/W": np.arange(6, dtype=np.float32).reshape(2, 3), "fc8/b": np.float32([1])}
    save(tmp_path / "c3d.npz", **arrays)
    file = ChainerFile(tmp_path / "c3d.npz")
    assert file.shapes == {"conv1a/W": (2, 3), "fc8/b": (1,)}
    for name, array in arrays.items():
        np.testing.assert_array_equal(file.read(name), array)


class _Runs:
    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return self.proof.mkdir, ()


def test_an_array_of_objects_runs_nothing(tmp_path):
    proof = tmp_path / "it ran"
    np.savez(tmp_path / "c3d.npz", **{"conv1a/b": np.array([_Runs(proof)], object)})
    with pytest.raises(
        UserError, match=r"c3d.npz should be a whole npz file.*object \[1\] at conv1a/b"
    ):
        ChainerFile(tmp_path / "c3d.npz").read("conv1a/b")
    assert not proof.exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_changed_byte_is_noticed(tmp_path, save):
    path, array = tmp_path / "c3d.npz", np.random.default_rng(0).random(500).astype(np.float32)
    save(path, a=array)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="c3d.npz should be a whole npz file"):
        ChainerFile(path).read("a")


def test_too_many_entries_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "c3d.npz", "w") as archive:
        for i in range(1001):
            archive.writestr(f"{i}/", b"")
    with pytest.raises(UserError, match="c3d.npz should be a whole npz file. Received: 1001 ent"):
        ChainerFile(tmp_path / "c3d.npz")


@pytest.mark.parametrize(
    "array",
    [np.zeros(3, "S100000"), np.zeros(3, np.int32), np.zeros(2, [("a", "<f4", (1000,))])],
    ids=lambda array: array.dtype.kind,
)
def test_other_things_than_floats_are_refused(tmp_path, array):
    np.savez_compressed(tmp_path / "c3d.npz", a=array)
    with pytest.raises(UserError, match="c3d.npz should be a whole npz file. Received: "):
        ChainerFile(tmp_path / "c3d.npz")
