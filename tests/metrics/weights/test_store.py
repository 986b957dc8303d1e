import hashlib
import json
import os
import shutil

import h5py
import numpy as np
import pytest

from metrics import weights
from support.errors import UserError

CUBE = np.random.default_rng(0).uniform(0, 255, (16, 128, 171, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, c3d):
    folder = tmp_path_factory.mktemp("saved")
    weights.save(c3d, folder / "c3d.weights.h5", {"format": "trained"}, CUBE)
    return folder


@pytest.fixture
def path(saved, tmp_path):
    """A copy to damage."""
    return shutil.copytree(saved, tmp_path / "copy") / "c3d.weights.h5"


def rewrite(path, **changes):
    """Changes the sidecar; the hashes are made to fit."""
    sidecar = path.with_name("c3d.json")
    about = json.loads(sidecar.read_text()) | {"sha256": sha256(path)} | changes
    sidecar.write_text(json.dumps({k: v for k, v in about.items() if v != "left out"}))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(path, match):
    with pytest.raises(UserError, match=match):
        weights.load(path)


def test_what_was_saved_is_loaded(path, c3d):
    model, about, mean = weights.load(path)
    for a, b in zip(model.trainable_variables, c3d.trainable_variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    np.testing.assert_array_equal(mean, CUBE)
    assert about == {
        "network": "c3d",
        "width": 2,
        "num_classes": 5,
        "mean": "c3d.mean.npy",
        "format": "trained",
        "mean_sha256": sha256(path.with_name("c3d.mean.npy")),
        "sha256": sha256(path),
    }
    assert about == json.loads(path.with_name("c3d.json").read_text())


def test_another_name_is_refused(path, c3d):
    with pytest.raises(UserError, match="`output` should end in .weights.h5. Received: .*c3d.h5"):
        weights.save(c3d, path.with_name("c3d.h5"), {})
    os.rename(path, path.with_name("c3d.h5"))
    refused(path.with_name("c3d.h5"), "should be a file ending in .weights.h5")
    refused(path, r"should be a file ending in .weights.h5.*c3d.weights.h5 \(no such file\)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is not JSON"),
        ("", "it is not JSON"),
        ("[]", "its content should be an object"),
        ("{}", "`network` is missing"),
        ("\xff", "it is not UTF-8 text"),
        ("[" * 10**5, "its JSON is nested too deep"),
        ('{"network": ' + "[" * 10**5 + "]" * 10**5 + "}", "its JSON is nested too deep"),
    ],
)
def test_a_damaged_sidecar_is_refused(path, content, reason):
    path.with_name("c3d.json").write_text(content, "latin-1")
    refused(path, f"^Cannot read .*c3d.json: {reason}")


def test_a_missing_sidecar_is_named(path):
    path.with_name("c3d.json").unlink()
    refused(path, "Cannot read .*c3d.json: No such file or directory")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": "vgg"}, "`network` should be one of c3d, i3d, inception. Received: 'vgg'"),
        ({"network": "left out"}, "`network` is missing"),
        ({"width": None}, "`width` should be 1 to 64. Received: None"),
        ({"width": 0}, "`width` should be 1 to 64. Received: 0"),
        ({"width": "64"}, "`width` should be 1 to 64. Received: '64'"),
        ({"width": 10**9}, "`width` should be 1 to 64. Received: 1000000000"),
        ({"width": True}, "`width` should be 1 to 64. Received: True"),
        ({"num_classes": 2.5}, "`num_classes` should be a whole number. Received: 2.5"),
        ({"num_classes": -1}, "`num_classes` should be 1 to 10000. Received: -1"),
        ({"num_classes": 10**9}, "`num_classes` should be 1 to 10000. Received: 1000000000"),
        ({"mean": [1, 2]}, "`mean` should be three numbers or a file"),
        ({"mean": ["1", "2", "3"]}, r"`mean\[0\]` should be a number. Received: '1'"),
        ({"mean": {"b": 1}}, "`mean` should be a text or a list or null"),
        ({"mean": "left out"}, "`mean` is missing"),
        ({"sha256": "left out"}, "`sha256` is missing"),
    ],
)
def test_a_sidecar_that_makes_no_sense_is_refused(path, changes, reason):
    rewrite(path, **changes)
    refused(path, f"^Cannot read .*c3d.json: {reason}")


def test_a_damaged_file_is_refused(path):
    data = path.read_bytes()
    for damaged in (data[:-1], data[: len(data) // 2], b"", data[:-1] + bytes([data[-1] ^ 1])):
        path.write_bytes(damaged)
        refused(path, "Cannot load .*c3d.weights.h5: its SHA-256 is not the one in .*c3d.json")


def test_a_file_that_is_none_is_refused_whatever_its_hash(path):
    data = path.read_bytes()
    for content in (b"", b"weights", data[: len(data) // 2]):
        path.write_bytes(content)
        rewrite(path)
        refused(path, "c3d.weights.h5 should be a whole file of weights of C3D")


@pytest.mark.parametrize(
    "changes", [{"network": "i3d"}, {"width": 1}, {"num_classes": 6}], ids=lambda c: next(iter(c))
)
def test_weights_of_another_network_are_refused(path, changes):
    rewrite(path, **changes)
    network = changes.get("network", "c3d").upper()
    refused(path, f"c3d.weights.h5 should hold the arrays of {network}, and no others")


def test_a_missing_array_is_refused(path):
    with h5py.File(path, "a") as file:
        del file["fc8/vars/0"]
    rewrite(path)
    refused(path, r"c3d.weights.h5 should hold the arrays of C3D. Received: too few of shape \[128")


@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/fc7"), h5py.SoftLink("/fc7")])
@pytest.mark.parametrize("place", ["fc8", "fc8/vars/0", "beside"])
def test_a_link_is_refused(path, link, place):
    with h5py.File(path, "a") as file:
        if place in file:
            del file[place]
        file[place] = link
    rewrite(path)
    refused(path, f"c3d.weights.h5 should hold its data itself, .* Received: a link at {place}")


def test_another_mean_is_refused(path):
    mean = path.with_name("c3d.mean.npy")
    np.save(mean, CUBE + 1)
    refused(path, "Cannot read the mean of .*c3d.mean.npy: its SHA-256 is another one")
    np.save(mean, CUBE[:8])
    rewrite(path, mean_sha256=sha256(mean))
    refused(
        path, r"c3d.mean.npy should hold \[16, 128, 171, 3\] float32. Received: float32 \[8, 128"
    )
    os.truncate(mean, 1000)
    rewrite(path, mean_sha256=sha256(mean))
    refused(path, "Cannot read .*c3d.mean.npy: ")
    mean.unlink()
    refused(path, "Cannot read the mean of .*c3d.mean.npy: no such file")


def test_a_mean_of_objects_runs_nothing(path, tmp_path):
    class Runs:
        def __reduce__(self):
            return (tmp_path / "it ran").mkdir, ()

    mean = path.with_name("c3d.mean.npy")
    np.save(mean, np.array([Runs()], object))
    rewrite(path, mean_sha256=sha256(mean))
    refused(path, "Cannot read .*c3d.mean.npy: ")
    assert not (tmp_path / "it ran").exists()


def test_the_mean_is_next_to_the_weights_and_nowhere_else(path, tmp_path):
    np.save(tmp_path / "outside.npy", CUBE)
    digest = sha256(tmp_path / "outside.npy")
    rewrite(path, mean="../outside.npy", mean_sha256=digest)
    refused(path, "Cannot read the mean of .*copy/outside.npy: no such file")
    rewrite(path, mean=str(tmp_path / "outside.npy"), mean_sha256=digest)
    refused(path, "Cannot read the mean of .*copy/outside.npy: no such file")


def test_a_save_that_stops_leaves_what_was_there(path, c3d, monkeypatch):
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(c3d, "save_weights", lambda path: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        weights.save(c3d, path, {})
    assert before == {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_the_sidecar_comes_last(path, c3d, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    c3d.fc8.bias.assign_add([1.0] * 5)
    monkeypatch.setattr(json, "dumps", stop)
    with pytest.raises(KeyboardInterrupt):
        weights.save(c3d, path, {})
    refused(path, "Cannot load .*: its SHA-256 is not the one in")
    c3d.fc8.bias.assign_sub([1.0] * 5)
