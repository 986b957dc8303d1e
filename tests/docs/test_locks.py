"""The lock files agree: they hold the same packages, but for those of their extras."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def locked(name):
    return dict(PACKAGE.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("extra", ["gpu", "hub", "onnx"])
def test_an_extra_only_adds_packages(extra):
    added = locked(f"requirements-{extra}.txt").items() - locked("requirements.txt").items()
    assert locked("requirements.txt").items() <= locked(f"requirements-{extra}.txt").items()
    assert added


def test_an_older_tensorflow_has_the_same_packages():
    io, main = locked("requirements-io.txt"), locked("requirements.txt")
    assert main.keys() <= io.keys()
    # TensorFlow 2.17 takes these no newer; all others are the same.
    assert {name for name in main if main[name] != io[name]} <= {
        *("tensorflow", "tensorboard", "ml-dtypes", "numpy", "protobuf"),
        *("h5py", "opencv-python-headless"),
    }


def test_remote_storage_has_the_same_packages():
    remote, main = locked("requirements-remote.txt"), locked("requirements.txt")
    assert {"fsspec", "s3fs"} <= remote.keys() - main.keys()
    # botocore takes no newer dateutil, and a newer one needs tzdata; all others are the same.
    assert {name for name in main if main[name] != remote.get(name)} <= {
        "python-dateutil",
        "tzdata",
    }


def test_beam_adds_packages_and_needs_few_older_ones():
    beam, main = locked("requirements-beam.txt"), locked("requirements.txt")
    assert main.keys() - beam.keys() <= {"tzdata"}  # A dependency of the newer python-dateutil.
    differing = {name for name in main.keys() & beam.keys() if main[name] != beam[name]}
    assert differing <= {"pillow", "protobuf", "python-dateutil"}
    assert "apache-beam" in beam
