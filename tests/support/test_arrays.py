import resource
import zipfile

import numpy as np
import pytest

from support.arrays import open_array
from support.errors import UserError


def write(path, shape, descr="|u1", data=bytes(1000)):
    """A file whose header states what it does not hold."""
    with open(path, "wb") as file:
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(data)
    return path


def write_header(path, text):
    text = text.encode("latin1") + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(100))
    return path


def test_an_array_is_mapped(tmp_path):
    expected = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.save(tmp_path / "a.npy", expected)
    found = open_array(tmp_path / "a.npy")
    np.testing.assert_array_equal(found, expected)
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        ((-1, 2, 3), "|u1"),
        ((-2, -2, 3), "|u1"),
        ((2.5, 3), "|u1"),
        ((True, 3), "|u1"),
        ((10**30, 3), "|u1"),
        ((2**62, 4), "|u1"),
        ((10**6, 10**6, 300), "<f4"),
        ((1001,), "|u1"),
        ((2,), "|O"),
        ((2,), [("a", "<f4", (10**9,))]),
    ],
)
def test_false_shapes_are_refused(tmp_path, shape, descr):
    path = write(tmp_path / "a.npy", shape, descr)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(
        UserError, match=r"^Cannot read .*a.npy: .* It should be a .npy file.$"
    ) as e:
        open_array(path)
    assert "\n" not in str(e.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 18


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "{'descr':'|u1','fortran_order':False,'shape':(" + "9" * 4000 + ",)}",
        "{'descr':'|u1','fortran_order':False,'shape':" + "(" * 900 + ")" * 900 + "}",
        "{'descr':'|u1'}",
        "\xff\xff",
        "",
    ],
)
def test_false_headers_are_refused(tmp_path, text):
    with pytest.raises(UserError, match="Cannot read .*a.npy: ") as error:
        open_array(write_header(tmp_path / "a.npy", text))
    assert "\n" not in str(error.value)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="none.npy: No such file or directory. It should be"):
        open_array(tmp_path / "none.npy")
    with pytest.raises(UserError, match="Cannot read .*: Is a directory"):
        open_array(tmp_path)
    for content in (b"", b"\x93NUMPY", b"text", b"\x80\x02]."):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(UserError, match="Cannot read .*a.npy: "):
            open_array(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npy", "w") as archive:
        archive.writestr("arr_0.npy", b"")
    with pytest.raises(UserError, match="it is a zip file"):
        open_array(tmp_path / "a.npy")
