"""Metadata and index that are damaged or hostile are refused before memory or time is spent."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from dataset.metadata import FINGERPRINTS
from dataset.records import Records
from support.errors import UserError


@pytest.fixture
def copy(shapes, tmp_path):
    return shutil.copytree(shapes, tmp_path / "copy")


def change(folder, **changes):
    """Changes top-level values of the metadata; None removes one."""
    path = folder / "metadata.json"
    metadata = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in metadata.items() if v is not None}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 1}, "it has format 1, and this version reads 2. Make the data set again"),
        ({"format": "2"}, "`format` should be a whole number. Received: '2'"),
        ({"ladder": None}, "`ladder` is missing"),
        ({"ladder": "4x4x4 5x5x5"}, "should double time, space or both. Received: 4x4x4 to 5x5x5"),
        ({"ladder": "4x4x4 8x8x8"}, "its rungs differ from its ladder 4x4x4 8x8x8"),
        ({"encoding": {"4x4x4": "raw"}}, "its rungs differ from its ladder"),
        (
            {"encoding": {"4x4x4": "raw", "8x8x8": "av1", "8x16x16": "raw"}},
            "its encoding 'av1' is not known",
        ),
        ({"clips": 11}, "its 11 clips should be in the shards of each rung"),
        ({"clips": 0}, "its 0 clips should be in the shards of each rung"),
        ({"shards": []}, "`shards` should be an object. Received: "),
        ({"labels": [{"name": 3, "clips": 1}]}, r"`labels\[0\].name` should be a text"),
        ({"source_frames": {"many": 3}}, "`source_frames` should be counted by frames"),
    ],
    ids=str,
)
def test_metadata_that_cannot_be_right(copy, changes, message):
    change(copy, **changes)
    with pytest.raises(UserError, match=f"Cannot read {copy}/metadata.json: .*({message})"):
        Records(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": "../secret.tfrecord"}, "../secret.tfrecord is outside of the data set"),
        ({"file": "/etc/passwd"}, "/etc/passwd is outside of the data set"),
        ({"records": 0}, "a shard has no records"),
        ({"records": 10**18}, "should be in the shards of each rung"),
        ({"bytes": 1.5}, r"`shards.4x4x4\[0\].bytes` should be a whole number"),
    ],
    ids=str,
)
def test_shards_that_cannot_be_right(copy, changes, message):
    shards = json.loads((copy / "metadata.json").read_text())["shards"]
    shards["4x4x4"][0] |= changes
    change(copy, shards=shards)
    with pytest.raises(UserError, match=message):
        Records(copy)


def test_metadata_of_older_versions(copy):
    change(copy, rejected=None, source_frames=None, tool_version=None, arguments=None)
    index = dict(np.load(copy / "index.npz"))
    np.savez(copy / "index.npz", **{k: v for k, v in index.items() if FINGERPRINTS not in k})
    records = Records(copy)
    assert records.metadata["tool_version"] == "unknown"
    assert all(records.fingerprints(rung) is None for rung in records.ladder)


def header(shape, kind="<i8"):
    """An npy file that claims more than it holds."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue() + bytes(80)


def write_index(path, compression=zipfile.ZIP_STORED, **members):
    rungs = {"4x4x4": header((10,)), "8x8x8": header((10,)), "8x16x16": header((10,))}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in (rungs | members).items():
            if data is not None:
                archive.writestr(f"{name}.npy", data)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"4x4x4": None}, "There is no item named '4x4x4.npy'"),
        ({"4x4x4": header((10 * 2**40,))}, r"should be 10 whole numbers, not int64 \[10995116277"),
        ({"4x4x4": header((10, 1))}, r"should be 10 whole numbers, not int64 \[10, 1\]"),
        ({"4x4x4": header((-10,))}, r"should be 10 whole numbers, not int64 \[-10\]"),
        ({"4x4x4": header((10,), "<f8")}, r"should be 10 whole numbers, not float64"),
        ({"4x4x4": header((10,), "|O")}, "should be 10 whole numbers, not object|unpickl"),
        ({"4x4x4": b"\x93NUMPY"}, "damaged"),
        ({"4x4x4": header((10,))[:-80] + b"\xff" * 80}, "a record has an impossible length"),
        ({"8x8x8/fingerprints": header((9,))}, "should be 10 whole numbers, not int64 .9."),
    ],
)
def test_an_index_that_cannot_be_right(copy, members, message):
    write_index(copy / "index.npz", **members)
    with pytest.raises(UserError, match=f"Cannot read {copy}/index.npz: .*({message})"):
        Records(copy)


def test_an_index_that_unpacks_to_more_is_not_unpacked(copy):
    write_index(copy / "index.npz", zipfile.ZIP_DEFLATED, **{"4x4x4": bytes(10**8)})
    with pytest.raises(UserError, match="its .* bytes are too many for 10 clips"):
        Records(copy)
    write_index(copy / "index.npz", zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match="4x4x4 is compressed"):
        Records(copy)
