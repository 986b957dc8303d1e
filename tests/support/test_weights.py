"""Files that a stranger might make are made here, and what they would do does not happen."""

import pickle
import resource
import struct

import h5py
import keras
import numpy as np
import pytest

from support.errors import UserError
from support.weights import load_weights, sidecar_of

_KERNEL = "layers/dense/vars/0"  # [3, 4], as Keras names it


def make(units=4):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, name="dense")])


def load(path, units=4):
    return load_weights(lambda: make(units), path, "a toy")


@pytest.fixture
def path(tmp_path):
    make().save_weights(tmp_path / "toy.weights.h5")
    return tmp_path / "toy.weights.h5"


def refused(path, match, **settings):
    with pytest.raises(UserError, match=match) as found:
        load(path, **settings)
    assert str(path) in str(found.value)
    assert "\n" not in str(found.value)


def replace(path, name=_KERNEL, **arguments):
    """Makes the array anew as `h5py.Dataset` takes it."""
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        file.create_dataset(name, **arguments)


def test_what_keras_saved_is_loaded(tmp_path):
    model = make()
    model.save_weights(tmp_path / "a.weights.h5")
    found = load(tmp_path / "a.weights.h5")
    for a, b in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_states_of_random_numbers_are_no_weights(tmp_path):
    def with_dropout():
        return keras.Sequential([make(), keras.layers.Dropout(0.5)])

    with_dropout().save_weights(tmp_path / "a.weights.h5")
    load_weights(with_dropout, tmp_path / "a.weights.h5", "a toy")


def test_the_sidecar_is_next_to_the_weights(path):
    assert sidecar_of(path) == path.with_name("toy.json")


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_a_cut_file_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "should be a whole file of weights of a toy")


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / "none.weights.h5", "should be a whole file of weights.*No such file")


def test_a_pickle_does_not_run(path):
    class Runs:
        def __reduce__(self):
            return (path.parent / "it ran").mkdir, ()

    path.write_bytes(pickle.dumps(Runs()))
    refused(path, "should be a whole file of weights")
    assert not (path.parent / "it ran").exists()
    pickle.loads(path.read_bytes())
    assert (path.parent / "it ran").exists()


def test_a_model_with_code_does_not_run(tmp_path):
    ran, path = tmp_path / "it ran", tmp_path / "toy.weights.h5"
    run = keras.layers.Lambda(
        lambda x, ran: [__import__("os").makedirs(ran, exist_ok=True), x][1],
        arguments={"ran": str(ran)},
    )
    model = keras.Sequential([keras.Input((3,)), run])  # It runs now already.
    model.save(tmp_path / "model.keras")
    ran.rmdir()
    (tmp_path / "model.keras").rename(path)
    refused(path, "should be a whole file of weights")
    assert not ran.exists()
    keras.models.load_model(path.rename(tmp_path / "model.keras"), safe_mode=False)
    assert ran.exists()


@pytest.mark.parametrize("place", ["layers", "layers/dense", _KERNEL, "beside"])
@pytest.mark.parametrize(
    "link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("other.h5", "/" + _KERNEL)]
)
def test_a_link_is_not_followed(path, place, link):
    path.with_name("other.h5").write_bytes(path.read_bytes())
    with h5py.File(path, "a") as file:
        if place in file:
            del file[place]
        file[place] = link
    refused(path, f"should hold its data itself, as plain arrays. Received: a link at {place}$")


def test_bytes_of_other_files_are_not_read(path):
    secret = path.with_name("secret")
    secret.write_bytes(np.arange(12, dtype="f4").tobytes())
    replace(path, shape=(3, 4), dtype="f4", external=[(str(secret), 0, 48)])
    refused(path, "itself, as plain arrays. Received: layers/dense/vars/0 in another file")


def test_a_virtual_array_is_refused(path):
    path.with_name("other.h5").write_bytes(path.read_bytes())
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("other.h5", _KERNEL, (3, 4))
    with h5py.File(path, "a") as file:
        del file[_KERNEL]
        file.create_virtual_dataset(_KERNEL, layout)
    refused(path, "Received: layers/dense/vars/0 in another file")


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": np.zeros((3, 4), "f4"), "compression": "gzip"},
        {"data": np.zeros((3, 4), "f4"), "chunks": (1, 4)},
        {"shape": (3, 4), "dtype": "f4", "maxshape": (None, None), "chunks": (1 << 14, 1 << 14)},
    ],
    ids=["compressed", "in chunks", "in chunks beyond its shape"],
)
def test_arrays_that_may_grow_are_refused(path, arguments):
    replace(path, **arguments)
    refused(path, "Received: layers/dense/vars/0 in chunks or compressed")


@pytest.mark.parametrize("name", [_KERNEL, "layers/more"])
def test_a_bomb_does_not_go_off(path, name):
    values = 1 << 30
    replace(path, name, shape=(values,), dtype="f4", fillvalue=1.0)  # No bytes on the disk.
    assert path.stat().st_size < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, f"Received: {name}, whose {4 * values} bytes were never written")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < values / 1024


def test_an_array_that_was_never_written_is_refused(path):
    replace(path, shape=(3, 4), dtype="f4")
    refused(path, "plain arrays. Received: layers/dense/vars/0, whose 48 bytes were never written")


def test_a_large_network_that_was_never_written_takes_no_memory(path):
    units = 1 << 30
    replace(path, shape=(3, units), dtype="f4")
    replace(path, "layers/dense/vars/1", shape=(units,), dtype="f4")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, "vars/0, whose 12884901888 bytes were never written", units=units)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20


def test_arrays_that_share_their_bytes_are_refused(path):
    """Whose sizes would add up to more than the file."""

    def make_pair():
        layers = [keras.layers.Dense(200, use_bias=False, name=name) for name in ("a", "b")]
        return keras.Sequential([keras.Input((200,)), *layers])

    name = "layers/b/vars/0"
    with h5py.File(path, "w") as file:
        file["layers/a/vars/0"] = np.ones((200, 200), "f4")
        file.create_dataset(name, shape=(200, 200), dtype="f4")
        layout = file["layers/a/vars/0"].id.get_offset(), file["layers/a/vars/0"].nbytes
    data = path.read_bytes()
    never = struct.pack("<QQ", 2**64 - 1, layout[1])
    assert data.count(never) == 1
    path.write_bytes(data.replace(never, struct.pack("<QQ", *layout)))
    with h5py.File(path) as file:
        assert (file[name][()] == 1).all()
    with pytest.raises(UserError, match="of 320000 bytes. Received: a file of 1..... bytes"):
        load_weights(make_pair, path, "a toy")


def test_a_network_beyond_the_file_takes_no_memory(path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, r"should hold the arrays of a toy.*vars/0 of shape \[3, 4\]", units=1 << 28)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20


@pytest.mark.parametrize("dtype", [object, h5py.string_dtype(), "V4", [("a", "f4")], "(2,)f4"])
def test_other_things_than_numbers_are_refused(path, dtype):
    dtype = h5py.vlen_dtype(np.float32) if dtype is object else dtype
    replace(path, shape=(3, 4), dtype=dtype)
    refused(path, "other things than numbers at layers/dense/vars/0")


def test_a_type_by_name_is_refused(path):
    with h5py.File(path, "a") as file:
        file["type"] = np.dtype("f4")
    refused(path, "other things than numbers at type")


@pytest.mark.parametrize("dtype", ["f8", "f2", "i4", ">f4"])
def test_other_numbers_are_refused(path, dtype):
    replace(path, data=np.zeros((3, 4), dtype))
    refused(path, "should hold float32. Received: .* at layers/dense/vars/0")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(path, value):
    replace(path, data=np.full((3, 4), value, "f4"))
    refused(path, "should hold finite numbers. Received: NaN or infinity at layers/dense/vars/0")


def test_the_first_difference_is_reported(path):
    refused(
        path,
        r"should hold the arrays of a toy, and no others. Received: layers/dense/vars/0 of shape "
        r"\[3, 4\]$",
        units=5,
    )
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/1"]
    refused(path, r"should hold the arrays of a toy. Received: too few of shape \[4\]$")


def test_one_array_does_not_count_twice(path):
    make().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = file[_KERNEL]
    refused(path, r"too few of shape \[4\]")


def test_arrays_in_other_places_are_refused(path):
    with h5py.File(path, "a") as file:
        file.move("layers/dense", "layers/other")
    refused(path, "should be a whole file of weights of a toy")
