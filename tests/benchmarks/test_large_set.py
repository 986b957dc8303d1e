"""The benchmark of the start on many shards, with few of them."""

import numpy as np
import pytest

from benchmarks import large_set
from dataset.records import Records
from dataset.verify import find_faults
from growth.ladder import make_ladder


def test_a_written_set_is_a_data_set_and_each_part_is_timed(tmp_path):
    large_set.write_data(tmp_path / "data", shards=3, shard_clips=20, ladder="1x4x4 2x4x4")
    records = Records(tmp_path / "data")
    assert list(find_faults(records)) == []
    assert records.labels(np.arange(25)).tolist() == [*range(10), *range(10), *range(5)]
    assert len(np.unique(records.clips(records.ladder[0], range(60)), axis=0)) == 60
    rows = list(large_set.measure(tmp_path / "data", make_ladder("1x4x4 2x4x4"), minibatch=4))
    assert len({name for name, *_ in rows}) == len(rows) == 9
    assert all(seconds > 0 for _, seconds, *_ in rows)


def test_numbers_should_be_positive(tmp_path):
    with pytest.raises(large_set.UserError, match="--shards should be positive. Received: 0"):
        large_set.main(large_set.parse(["", f"--data={tmp_path}", "--shards=0"]))
