import io
import resource
import zipfile

import numpy as np
import pytest

from metrics.weights.mean import CUBE, read_mean
from support.errors import UserError
from tests.metrics.weights.files import blob

MEAN = np.random.default_rng(0).uniform(0, 255, (3, 16, 128, 171)).astype(np.float32)


def test_three_numbers_are_blue_green_and_red():
    mean = read_mean("90.5,97,101")
    np.testing.assert_array_equal(mean, np.float32([90.5, 97, 101]))
    assert mean.dtype == np.float32


@pytest.mark.parametrize("shape", [MEAN.shape, (1, *MEAN.shape), (3, 1, *MEAN.shape[1:])])
def test_a_cube_of_numpy_is_turned(tmp_path, shape):
    np.save(tmp_path / "mean.npy", MEAN.reshape(shape).astype(np.float64))
    np.savez(tmp_path / "mean2.npz", mean=MEAN.reshape(shape))
    for name in ("mean.npy", "mean2.npz"):
        mean = read_mean(tmp_path / name)
        assert (mean.shape, mean.dtype) == (CUBE, np.float32)
        assert mean[3, 20, 150, 1] == MEAN[1, 3, 20, 150]
        np.testing.assert_array_equal(mean.transpose(3, 0, 1, 2), MEAN)


def test_a_cube_of_caffe_is_turned(tmp_path):
    (tmp_path / "mean.npy").write_bytes(blob(MEAN))  # Whatever its name says.
    np.testing.assert_array_equal(read_mean(tmp_path / "mean.npy").transpose(3, 0, 1, 2), MEAN)


def test_a_cube_that_lies_as_ours_stays(tmp_path):
    np.save(tmp_path / "mean.npy", MEAN.transpose(1, 2, 3, 0))
    np.testing.assert_array_equal(read_mean(tmp_path / "mean.npy"), MEAN.transpose(1, 2, 3, 0))


@pytest.mark.parametrize(
    ("mean", "message"),
    [
        ("90,97", r"a file or three numbers, blue,green,red. Received: 90,97 \(no such file\)"),
        ("90,97,101,3", "a file or three numbers"),
        ("90,97,260", "grey levels of 0 to 255. Received: 90,97,260, of 90 to 260"),
        ("-1,97,2", "grey levels of 0 to 255"),
        ("nan,97,2", "grey levels of 0 to 255"),
    ],
)
def test_other_numbers_are_refused(mean, message):
    with pytest.raises(UserError, match=f"`mean` should be {message}"):
        read_mean(mean)


@pytest.mark.parametrize(
    "array", [MEAN[0], MEAN[..., :112], MEAN.transpose(1, 0, 2, 3), np.full(MEAN.shape, "a")]
)
def test_another_cube_is_refused(tmp_path, array):
    np.save(tmp_path / "mean.npy", array)
    with pytest.raises(UserError, match=r"mean.npy should hold the mean cube \[3, 16, 128, 171\]"):
        read_mean(tmp_path / "mean.npy")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two.npz", "two.npz should hold one array. Received: 2"),
        ("cut.npz", "cut.npz should be a whole npz file"),
        ("cut.npy", "Cannot read .*cut.npy: "),
        ("cut.binaryproto", "cut.binaryproto should be a whole binaryproto"),
        ("empty.npy", "empty.npy should be a whole binaryproto"),
        ("text.npy", "text.npy should be a whole binaryproto"),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, reason):
    np.savez(tmp_path / "two", a=MEAN[0], b=MEAN[0])
    np.save(tmp_path / "whole", MEAN)
    contents = {
        "two.npz": (tmp_path / "two.npz").read_bytes(),
        "cut.npz": (tmp_path / "two.npz").read_bytes()[:-10],
        "cut.npy": (tmp_path / "whole.npy").read_bytes()[:-10],
        "cut.binaryproto": blob(MEAN)[:-10],
        "empty.npy": b"",
        "text.npy": b"90 97 101",
    }
    (tmp_path / name).write_bytes(contents[name])
    with pytest.raises(UserError, match=reason):
        read_mean(tmp_path / name)


@pytest.mark.parametrize("name", ["mean.npy", "mean.npz"])
@pytest.mark.parametrize("shape", [(-3, 16, 128, 171), (2**33, 4), (3, 16, 128, 2**30)])
def test_a_false_header_takes_no_memory(tmp_path, name, shape):
    header = io.BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    content = header.getvalue() + bytes(1000)
    if name == "mean.npz":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.npy", content)
    else:
        (tmp_path / name).write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=name):
        read_mean(tmp_path / name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 18


def test_an_array_of_objects_runs_nothing(tmp_path):
    class Runs:
        def __reduce__(self):
            return (tmp_path / "it ran").mkdir, ()

    np.save(tmp_path / "mean.npy", np.array([Runs()], object))
    with pytest.raises(UserError, match="Cannot read .*mean.npy: .*Python objects"):
        read_mean(tmp_path / "mean.npy")
    assert not (tmp_path / "it ran").exists()
