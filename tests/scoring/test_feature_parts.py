"""Parts of a table of features, until it is whole."""

import numpy as np
import pytest

from scoring.feature_parts import Parts, take_turns
from scoring.feature_table import make_rows, store


@pytest.fixture
def rows():
    return make_rows(np.eye(3, 5, dtype=np.float32), np.ones((3, 2), np.float32), list("abc"))


def test_a_part_is_read_as_it_was_kept(tmp_path, rows):
    parts = Parts(tmp_path / "table.npy", 3)
    assert parts.read(0) is None
    parts.keep(7, rows)
    np.testing.assert_array_equal(Parts(tmp_path / "table.npy", 3).read(7), rows)
    assert parts.read(0) is None
    assert Parts(tmp_path / "other.npy", 3).read(7) is None
    parts.delete()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"?"])
def test_a_damaged_part_is_not_read(tmp_path, rows, damage):
    Parts(tmp_path / "table.npy", 3).keep(0, rows)
    (file,) = (tmp_path / "table.npy.parts").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert Parts(tmp_path / "table.npy", 3).read(0) is None


def test_without_a_place_nothing_is_kept(tmp_path, rows):
    (tmp_path / "file").touch()
    for path in (None, tmp_path / "file/table.npy"):
        parts = Parts(path, 3)
        parts.keep(0, rows)
        assert parts.read(0) is None
        parts.delete()


def test_parts_are_those_of_the_table_where_it_is_whole(tmp_path, rows):
    path = tmp_path / "table.npy"
    parts = Parts(path, 2)
    store([rows], path)
    np.testing.assert_array_equal(parts.read(1), rows[2:])
    np.testing.assert_array_equal(parts.read(0), rows[:2])


@pytest.mark.parametrize("count", [1, 5, 8])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_begin_with_parts_of_their_own(count, workers):
    turns = [take_turns(count, (index, workers)) for index in range(workers)]
    assert all(sorted(turn) == list(range(count)) for turn in turns)
    shares = [range(i * count // workers, (i + 1) * count // workers) for i in range(workers)]
    assert [number for share in shares for number in share] == list(range(count))
    for turn, share in zip(turns, shares, strict=True):
        assert turn[: len(share)] == list(share)
