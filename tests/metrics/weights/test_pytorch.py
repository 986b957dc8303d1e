import os
import pickle
import resource
import zipfile

import numpy as np
import pytest

from metrics.weights.convert import open_published
from metrics.weights.pytorch import TorchPickles, TorchZip
from support.errors import UserError
from tests.metrics.weights import files
from tests.metrics.weights.files import Call, Global, Reference, pickled, state_dict

ARRAYS = {
    "a": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "b": np.float32([7.5]),
}
STORAGE = ("storage", Global("torch", "FloatStorage"), "0", "cpu", 24)
SAVE = {"zip": files.save_torch_zip, "pickles": files.save_torch_pickles}


@pytest.fixture(params=SAVE)
def save(request, tmp_path):
    def write(value, storages=None):
        SAVE[request.param](tmp_path / "c3d.pth", value, storages or ARRAYS.values())
        return tmp_path / "c3d.pth"

    write.old = request.param == "pickles"
    return write


def tensor(offset=0, shape=(2, 3, 4), strides=(12, 4, 1), kind="FloatStorage", key="0", size=24):
    reference = Reference(("storage", Global("torch", kind), key, "cpu", size))
    arguments = (reference, offset, shape, strides)
    return Call(Global("torch._utils", "_rebuild_tensor"), arguments)


def test_the_test_writes_pickles_as_python_does():
    value = {"a": [1, -5, True, None], "b": ("x", (), 0x1950A86A20F9469CFC6C)}
    assert pickle.loads(pickled(value)) == value
    assert pickle.loads(pickled(Global("collections", "Counter"))).__name__ == "Counter"


def test_tensors_are_read(save):
    file = open_published(save(state_dict(ARRAYS, save.old)))
    assert file.shapes == {"a": (2, 3, 4), "b": (1,)}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.read(name), array)


def test_a_training_state_holds_its_weights_in_state_dict(save):
    inner = state_dict({f"module.{name}": array for name, array in ARRAYS.items()}, save.old)
    file = open_published(save({"epoch": 99, "opt_dict": {"lr": [1]}, "state_dict": inner}))
    np.testing.assert_array_equal(file.read("a"), ARRAYS["a"])


def test_a_tensor_may_be_a_view(save):
    file = open_published(save({"a": tensor(2, (4, 2), (1, 12)), "b": tensor(23, (1,), (1,))}))
    flat = np.arange(24, dtype=np.float32)
    np.testing.assert_array_equal(file.read("a"), np.stack([flat[2:6], flat[14:18]], axis=1))
    assert file.read("b") == [23]


@pytest.mark.parametrize(("kind", "dtype"), [("HalfStorage", "<f2"), ("DoubleStorage", "<f8")])
def test_other_floats_are_read(save, kind, dtype):
    array = np.arange(24).astype(dtype)
    file = open_published(save({"a": tensor(kind=kind)}, [array]))
    np.testing.assert_array_equal(file.read("a").ravel(), array)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (Global("os", "system"), "touch {}"),
        (Global("posix", "system"), "touch {}"),
        (Global("builtins", "exec"), "open({!r}, 'w')"),
        (Global("builtins", "eval"), "open({!r}, 'w')"),
        (Global("torch", "load"), "{}"),
        (Global("torch._utils", "_import_dotted_name"), "{}"),
        (Global("numpy.core.multiarray", "_reconstruct"), "{}"),
        (Global("collections", "namedtuple"), "{}"),
        (Global("metrics.weights.pytorch", "_Unpickler"), "{}"),
    ],
)
def test_a_pickle_that_names_anything_else_runs_nothing(save, function, arguments, tmp_path):
    proof = tmp_path / "it ran"
    value = Call(function, (arguments.format(str(proof)),))
    with pytest.raises(UserError, match=f"names {function.module}.{function.name}, which was not"):
        open_published(save({"a": tensor(), "b": value}))
    path = tmp_path / "plain.pickle"
    path.write_bytes(pickled(value))
    with pytest.raises(UserError, match=f"plain.pickle should .*{function.name}"):
        open_published(path)
    assert not proof.exists()


def test_those_pickles_would_have_run(tmp_path):
    proof = tmp_path / "it ran"
    pickle.loads(pickled(Call(Global("builtins", "eval"), (f"open({str(proof)!r}, 'w')",))))
    assert proof.exists()


def test_a_pickle_of_another_protocol_runs_nothing(tmp_path):
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it ran"),)

    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        path = tmp_path / f"{protocol}.pickle"
        path.write_bytes(pickle.dumps(Runs(), protocol))
        with pytest.raises(UserError, match="posix.mkdir, which was not called"):
            open_published(path)
    assert not (tmp_path / "it ran").exists()


def test_a_pickle_changes_nothing_for_the_next(save):
    rebuild = Global("torch._utils", "_rebuild_tensor")
    # BUILD: gives the function an attribute, and another default.
    state = ({"module": "x"}, {"__defaults__": (None,) * 4, "__qualname__": "y"})
    built = pickled(rebuild)[:-1] + pickled(state)[2:-1] + b"b."
    with pytest.raises(UserError, match="c3d.pth should be a whole file of torch.save"):
        path = save({"a": 1})
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("c3d/data.pkl", built)
        else:
            path.write_bytes(path.read_bytes().replace(pickled({"a": 1}), built))
        open_published(path)
    test_tensors_are_read(save)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": 3}, "int in place of a tensor"),
        ([1], "no attribute 'get'"),
        ({"a": tensor(offset=1)}, "a tensor beyond its storage"),
        ({"a": tensor(shape=(2, 3, 5))}, "a tensor beyond its storage"),
        ({"a": tensor(offset=-1)}, "a tensor beyond its storage"),
        ({"a": tensor(strides=(-12, 4, 1))}, "a tensor beyond its storage"),
        ({"a": tensor(strides=(12, 4))}, "zip"),
        ({"a": tensor(strides="abc")}, "unsupported operand"),
        ({"a": Reference(("module", "<f4", "0", "cpu", 24))}, "a storage of another kind"),
        ({"a": Reference((*STORAGE, ("1", 0, 4)))}, "a storage of another kind"),
        ({"a": Reference(("storage", "<i8", "0", "cpu", 24))}, "a storage of another kind"),
        ({"a": Reference(("storage",))}, "not enough values"),
        ({"a": Global("torch", "LongStorage")}, "names torch.LongStorage, which was not called"),
    ],
)
def test_what_is_no_state_dict_is_refused(save, value, reason):
    with pytest.raises(UserError, match=reason):
        open_published(save(value))


def test_storages_of_another_size_are_refused(save):
    with pytest.raises(UserError, match="for 25 numbers|24 numbers for 25"):
        open_published(save({"a": tensor(size=25)})).read("a")


def test_a_missing_storage_is_told(tmp_path):
    files.save_torch_zip(tmp_path / "c3d.pth", {"a": tensor(key="7")}, ARRAYS.values())
    with pytest.raises(UserError, match="c3d.pth should be a whole .*data/7"):
        TorchZip(tmp_path / "c3d.pth").read("a")
    files.save_torch_pickles(tmp_path / "c3d.pth", {"a": 3}, ARRAYS.values())
    data = (tmp_path / "c3d.pth").read_bytes()
    (tmp_path / "c3d.pth").write_bytes(data.replace(pickled({"a": 3}), pickled({"a": tensor()})))
    with pytest.raises(UserError, match="c3d.pth should be a whole .*Received: '0'"):
        TorchPickles(tmp_path / "c3d.pth").read("a")


def test_big_endian_numbers_are_refused(tmp_path):
    files.save_torch_zip(tmp_path / "c3d.pth", state_dict(ARRAYS), ARRAYS.values())
    path = tmp_path / "other.pth"
    with zipfile.ZipFile(tmp_path / "c3d.pth") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"big" if name.endswith("byteorder") else old.read(name))
    with pytest.raises(UserError, match="other.pth should .*Received: big-endian numbers"):
        TorchZip(path)
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": False})
    path.write_bytes(b"".join(map(pickled, parts)))
    with pytest.raises(UserError, match="Received: big-endian numbers"):
        TorchPickles(path)


def test_a_pickle_of_something_else_is_refused(tmp_path):
    path = tmp_path / "c3d.pickle"
    for parts in ([{"a": 1}], [0x1950A86A20F9469CFC6C, 1002], [1, 1001]):
        path.write_bytes(b"".join(map(pickled, [*parts, {"little_endian": True}, {}, []])))
        with pytest.raises(UserError, match="file of torch.save. Received: a pickle of something"):
            TorchPickles(path)


def test_a_missing_end_is_noticed(tmp_path):
    path = tmp_path / "c3d.pickle"
    files.save_torch_pickles(path, {"a": tensor()}, ARRAYS.values())
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="c3d.pickle should be .*its end is missing"):
        TorchPickles(path).read("a")


def test_a_damaged_zip_is_refused(tmp_path):
    path = tmp_path / "c3d.pth"
    files.save_torch_zip(path, state_dict(ARRAYS), ARRAYS.values())
    data = path.read_bytes()
    path.write_bytes(data.replace(ARRAYS["a"].tobytes(), ARRAYS["a"][::-1].tobytes()))
    with pytest.raises(UserError, match="Bad CRC-32"):
        open_published(path).read("a")


@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_itself_writes_this(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Conv3d(2, 3, 3), torch.nn.Linear(4, 5))
    path = tmp_path / "network.pth"
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=zipped)
    file = open_published(path)
    assert file.shapes.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(file.read(name), value.numpy())


def test_a_memo_takes_no_memory(save):
    """LONG_BINPUT names a place; the unpickler in C makes room for all places before it."""
    pickled_memo = b"\x80\x02}r\xff\xff\xff\x7f."
    path = save({"a": 1})
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("c3d/data.pkl", pickled_memo)
    else:
        path.write_bytes(path.read_bytes().replace(pickled({"a": 1}), pickled_memo))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert open_published(path).shapes == {}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 18


def test_storages_that_no_c3d_has_are_refused(save):
    with pytest.raises(UserError, match="Received: a storage of 1200000000 bytes"):
        open_published(save({"a": tensor(size=3 * 10**8)}))
    with pytest.raises(UserError, match="Received: a storage of -4 bytes"):
        open_published(save({"a": tensor(size=-1)}))


def test_a_zip_of_more_than_a_state_dict_is_refused(tmp_path):
    path = tmp_path / "c3d.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c3d/data.pkl", b"\x80\x02" + b"0" * (1 << 25))
    with pytest.raises(UserError, match="Received: more than a state dict"):
        TorchZip(path)
