"""Data sets here and elsewhere: the same bytes, and a sentence where a path cannot be reached."""

import hashlib
import importlib.machinery
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from dataset import remote, storage
from dataset.cache import Cache
from dataset.pipeline import ClipPipeline
from dataset.records import Records, open_records
from dataset.verify import find_faults
from support.addresses import is_remote
from support.errors import UserError
from tests.dataset.conftest import LADDER


@pytest.mark.parametrize("scheme", ["", "file://"])  # The second reads by TensorFlow.
def test_reading_a_file(tmp_path, scheme):
    data = bytes(range(256)) * 9000
    (tmp_path / "file").write_bytes(data)
    path = f"{scheme}{tmp_path}/file"
    assert is_remote(path) == bool(scheme)
    assert storage.size(path) == len(data)
    assert storage.size(path + "x") is None
    assert storage.read(path) == data
    assert storage.read_at(path, 300, 1000) == data[300:1000]
    assert storage.sha256(path) == hashlib.sha256(data).hexdigest()


def test_no_file_lies_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert storage.size(f"{tmp_path}/file/x") is None


def test_tensorflow_io_reads_s3_where_there_is_no_fsspec(monkeypatch):
    module = types.ModuleType("tensorflow_io")
    module.__spec__ = importlib.machinery.ModuleSpec("tensorflow_io", None)
    monkeypatch.setitem(sys.modules, "tensorflow_io", module)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    remote._system.cache_clear()
    assert remote.is_of_tensorflow("gs://bucket/file")
    assert type(remote._system("s3")) is type(remote._system("gs"))
    with pytest.raises(UserError, match="Cannot read ftp://: .*Install the packages"):
        remote._system("ftp")
    remote._system.cache_clear()


def test_a_data_set_read_by_tensorflows_file_system(shapes):
    here, there = open_records(shapes), open_records(f"file://{shapes}")
    assert there.identity()["sha256"] == here.identity()["sha256"]
    assert there.read(LADDER[1], [7, 2]) == here.read(LADDER[1], [7, 2])
    assert list(find_faults(there)) == []
    batches = [
        next(iter(ClipPipeline(folder, LADDER, 3, True).dataset(2, 2, 5))).clips
        for folder in (shapes, there.folder)
    ]
    np.testing.assert_array_equal(*batches)


@pytest.fixture(scope="module")
def bucket():
    """An S3 server of our own: a function that uploads a folder and gives its address."""
    server = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    endpoint = server.ThreadedMotoServer(port=0)
    endpoint.start()
    address = "http://{}:{}".format(*endpoint.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "key")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", address)
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
        client.create_bucket(Bucket="bucket")

        def upload(folder: Path, name: str) -> str:
            for file in folder.rglob("*"):
                if file.is_file():
                    client.upload_file(str(file), "bucket", f"{name}/{file.relative_to(folder)}")
            return f"s3://bucket/{name}"

        yield upload
    endpoint.stop()


def test_a_data_set_in_s3(bucket, shapes, tmp_path):
    address = bucket(shapes, "faces")
    here, there = open_records(shapes), open_records(address, cache=Cache(tmp_path, 10**7))
    assert there.identity()["sha256"] == here.identity()["sha256"]
    assert list(find_faults(there)) == []
    for _ in range(2):  # The second time from the cache.
        assert there.read(LADDER[2], range(10)) == here.read(LADDER[2], range(10))
    for level in range(3):
        batches = [
            next(iter(ClipPipeline(folder, LADDER, 3, True).dataset(level, 2, 5))).clips
            for folder in (shapes, address)
        ]
        np.testing.assert_array_equal(*batches)


def test_what_is_missing_in_s3_is_named(bucket, shapes, tmp_path):
    with pytest.raises(UserError, match="Cannot read s3://bucket/none: it is no data set"):
        Records("s3://bucket/none")
    broken = shutil.copytree(shapes, tmp_path / "broken")
    (broken / "8x8x8/00001.tfrecord").unlink()
    address = bucket(broken, "broken")
    with pytest.raises(UserError, match="8x8x8/00001.tfrecord: no such file"):
        open_records(address)
    faults = [str(fault) for fault in find_faults(Records(address))]
    assert "8x8x8/00001.tfrecord: should hold 5 records. Received: 0" in faults


def test_without_an_s3_server_there_is_a_sentence(bucket, monkeypatch):
    monkeypatch.setattr(remote, "WAITS", (0.01,))
    with pytest.raises(UserError, match="Cannot read s3://other/faces/metadata.json: "):
        storage.read("s3://other/faces/metadata.json")
