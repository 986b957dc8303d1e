"""Data sets here and elsewhere: the same bytes, and a sentence where a path cannot be reached."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset import storage
from dataset.pipeline import ClipPipeline
from dataset.records import Records, open_records
from dataset.verify import find_faults
from support.addresses import is_remote
from support.errors import UserError
from tests.dataset.conftest import LADDER

ROOT = Path(__file__).parents[2]


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


def test_an_unknown_file_system_is_a_users_error():
    with pytest.raises(
        UserError, match="TensorFlow .* has no such file system. Install tensorflow-io"
    ):
        Records("nosuch://bucket/faces")


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
    """An S3 server of our own: a function that uploads a folder and gives its address.

    What reads from it does so in a process of its own, which tensorflow-io 0.37 lets abort at its
    end.
    """
    server = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    if importlib.util.find_spec("tensorflow_io") is None:
        pytest.skip("tensorflow-io is not installed")
    endpoint = server.ThreadedMotoServer(port=0)
    endpoint.start()
    address = "http://{}:{}".format(*endpoint.get_host_and_port())
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "key"}
    os.environ |= {"AWS_REGION": "us-east-1", "S3_ENDPOINT": address, "S3_USE_HTTPS": "0"}
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
    client.create_bucket(Bucket="bucket")

    def upload(folder: Path, name: str) -> str:
        for file in folder.rglob("*"):
            if file.is_file():
                client.upload_file(str(file), "bucket", f"{name}/{file.relative_to(folder)}")
        return f"s3://bucket/{name}"

    yield upload
    endpoint.stop()


def run(*command):
    command = [sys.executable, *map(str, command)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_commands_read_from_s3(bucket, shapes, tmp_path):
    address = bucket(shapes, "faces")
    done = run("dataset_tool.py", "verify", f"--data={address}")
    assert (done.returncode, done.stdout) == (0, f"{address}: 10 clips at {LADDER}, all whole\n")
    output = f"--output={tmp_path}/clips"
    done = run("dataset_tool.py", "extract", f"--data={address}", output, "--format=npy")
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.glob("clips/*/*.npy"), key=lambda path: path.name)
    clips = Records(shapes).clips(LADDER[-1], range(10))
    np.testing.assert_array_equal([np.load(file) for file in files], clips)


def test_the_pipeline_reads_from_s3(bucket, shapes, tmp_path):
    code = f"""
import os
import numpy as np
from dataset.pipeline import ClipPipeline
from growth.ladder import make_ladder
clips = ClipPipeline({bucket(shapes, "clips")!r}, make_ladder("thesis", 16), 3, True)
batches = (next(iter(clips.dataset(level, 2, 5))) for level in range(3))
np.savez({str(tmp_path / "batches.npz")!r}, *(batch.clips for batch in batches))
os._exit(0)
"""
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    clips = ClipPipeline(shapes, LADDER, 3, True)
    with np.load(tmp_path / "batches.npz") as batches:
        for level in range(3):
            expected = next(iter(clips.dataset(level, 2, 5))).clips
            np.testing.assert_array_equal(batches[f"arr_{level}"], expected)


def test_what_is_missing_in_s3_is_named(bucket, shapes, tmp_path):
    done = run("dataset_tool.py", "info", "--data=s3://bucket/none")
    assert done.returncode == 1
    assert "Error: Cannot read s3://bucket/none: it is no data set" in done.stderr
    broken = shutil.copytree(shapes, tmp_path / "broken")
    (broken / "8x8x8/00001.tfrecord").unlink()
    address = bucket(broken, "broken")
    done = run("dataset_tool.py", "info", f"--data={address}")
    assert done.returncode == 1
    assert "8x8x8/00001.tfrecord: no such file" in done.stderr
    done = run("dataset_tool.py", "verify", f"--data={address}")
    assert done.returncode == 1
    assert "8x8x8/00001.tfrecord: should hold 5 records. Received: 0" in done.stdout
