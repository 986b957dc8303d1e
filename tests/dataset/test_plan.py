"""Sizes that are printed before the work."""

import pytest

from dataset.clips import ClipRules
from dataset.encoding import Encoding, raw_bytes
from dataset.plan import describe_plan, max_num_clips
from dataset.records import open_records
from growth.ladder import make_ladder
from tests.dataset.conftest import LADDER


def test_the_size_of_trailerfaces():
    """10,910 clips of 32x256x256: 6.3 MB each, and about a tenth of that for all coarser rungs."""
    lines = describe_plan(make_ladder("thesis"), 10910, Encoding()).splitlines()
    assert lines[0] == "At most 10910 clips, raw:"
    sizes = {line.split()[0]: float(line.split()[-2]) for line in lines[1:]}
    assert sizes["32x256x256"] == pytest.approx(68_640, abs=2)
    assert sizes["in"] == pytest.approx(79_500, rel=0.01)
    assert "A thousand clips, before webp:" in describe_plan(LADDER, None, Encoding("webp"))


def test_sizes_are_those_of_the_files(shapes):
    records = open_records(shapes)
    for rung in LADDER:
        size = sum(shard.bytes for shard in records.shards[str(rung)])
        assert size == pytest.approx(10 * raw_bytes(rung), rel=0.05)


@pytest.mark.parametrize(
    ("rule", "max_clips", "expected"),
    [("centre", None, 5), ("first", 3, 3), ("random", 9, 5), ("all", None, None), ("all", 9, 9)],
)
def test_max_num_clips(rule, max_clips, expected):
    assert max_num_clips([None] * 5, ClipRules(8, rule), max_clips) == expected
