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
    assert "Features are not kept: No space left on device" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_other_rows_are_refused(tmp_path):
    path = tmp_path / "features.npy"
    store(batches(), path)
    with pytest.raises(UserError, match=r"features.npy should hold cached features.* \[5\]"):
        load(path, 4)
    np.save(path, VALUES)
    with pytest.raises(UserError, match="should hold cached features. Received: float64"):
        load(path, 5)
