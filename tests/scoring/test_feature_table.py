import errno

import numpy as np
import pytest

from scoring import feature_table
from scoring.feature_table import load, make_rows, store
from support.errors import UserError

DIGESTS = [f"{i:064x}" for i in range(5)]
VALUES, PROBABILITIES = np.arange(15.0).reshape(5, 3), np.eye(5, 2)


def batches():
    for part in (slice(3), slice(3, 5)):
        yield make_rows(VALUES[part], PROBABILITIES[part], DIGESTS[part])


def check(features):
    np.testing.assert_array_equal(features.values, VALUES.astype("f4"))
    np.testing.assert_array_equal(features.probabilities, PROBABILITIES.astype("f4"))
    assert [digest.decode() for digest in features.digests] == DIGESTS
    assert isinstance(features.table, np.memmap)
    assert not features.table.flags.writeable


def test_rows_are_stored_and_loaded(tmp_path):
    check(store(batches(), None))
    check(store(batches(), tmp_path / "new" / "features.npy"))
    check(load(tmp_path / "new" / "features.npy", 5))
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["features.npy"]


def test_parts_and_blocks_are_rows_in_order():
    features = store(batches(), None)
    assert [len(block) for block in features.blocks(2)] == [2, 2, 1]
    np.testing.assert_array_equal(
        np.concatenate([b.values for b in features.blocks(2)]), features.values
    )
    assert features[3:].sha256 == store([*batches()][1:], None).sha256 != features.sha256


def test_an_interrupted_computation_leaves_nothing(tmp_path):
    def interrupted():
        yield next(batches())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(interrupted(), tmp_path / "features.npy")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_loses_the_cache_only(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_table.shutil, "copyfileobj", full)
    check(store(batches(), tmp_path / "features.npy"))
    assert (
        "features.npy: No space left on device. Features are not cached" in capsys.readouterr().out
    )
    assert list(tmp_path.iterdir()) == []


def test_other_rows_are_refused(tmp_path):
    path = tmp_path / "features.npy"
    store(batches(), path)
    with pytest.raises(
        UserError, match="Cannot read .*features.npy: it does not hold the features of 4 clips"
    ):
        load(path, 4)
    np.save(path, VALUES)
    with pytest.raises(UserError, match="it does not hold the features of 5 clips. Remove it"):
        load(path, 5)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_damaged_files_are_refused(tmp_path, kept):
    path = tmp_path / "features.npy"
    store(batches(), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="Cannot read .*features.npy: "):
        load(path, 5)


@pytest.mark.parametrize("shape", [(-5,), (5, 1), (5 * 10**9,)])
def test_false_shapes_are_refused(tmp_path, shape):
    path, rows = tmp_path / "features.npy", next(batches())
    with open(path, "wb") as file:
        descr = np.lib.format.dtype_to_descr(rows.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        file.write(rows.tobytes() * 5)
    with pytest.raises(UserError, match="Cannot read .*features.npy: "):
        load(path, 5)


@pytest.mark.parametrize("values", [(), (3, 2)])
def test_rows_of_other_shapes_are_refused(tmp_path, values):
    fields = [("values", "<f4", values), ("probabilities", "<f4", (2,)), ("sha256", "S64")]
    np.save(tmp_path / "features.npy", np.zeros(5, fields))
    with pytest.raises(UserError, match="does not hold the features of 5 clips"):
        load(tmp_path / "features.npy", 5)
