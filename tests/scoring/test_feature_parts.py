"""Parts of a table of features, until it is whole."""

import numpy as np
import pytest

from scoring.feature_parts import Parts
from scoring.feature_table import make_rows


@pytest.fixture
def rows():
    return make_rows(np.eye(3, 5, dtype=np.float32), np.ones((3, 2), np.float32), list("abc"))


def test_a_part_is_read_as_it_was_kept(tmp_path, rows):
    parts = Parts(tmp_path / "table.npy")
    assert parts.read(0) is None
    parts.keep(7, rows)
    np.testing.assert_array_equal(Parts(tmp_path / "table.npy").read(7), rows)
    assert parts.read(0) is None
    assert Parts(tmp_path / "other.npy").read(7) is None
    parts.delete()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"?"])
def test_a_damaged_part_is_not_read(tmp_path, rows, damage):
    Parts(tmp_path / "table.npy").keep(0, rows)
    (file,) = (tmp_path / "table.npy.parts").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert Parts(tmp_path / "table.npy").read(0) is None


def test_without_a_place_nothing_is_kept(tmp_path, rows):
    (tmp_path / "file").touch()
    for path in (None, tmp_path / "file/table.npy"):
        parts = Parts(path)
        parts.keep(0, rows)
        assert parts.read(0) is None
        parts.delete()
