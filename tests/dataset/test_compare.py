"""Comparing data sets: what differs is counted and found."""

import numpy as np
import pytest

from dataset.clips import ClipRules
from dataset.compare import compare
from dataset.create import create_dataset
from dataset.readers.source import Source
from dataset.records import Records
from growth.ladder import make_ladder

LADDER = make_ladder("4x4x4 4x8x8")


def grey(levels, folder, ladder=LADDER, labels="ab"):
    """A data set of plain clips, one of each level; those of odd levels have the second label."""

    def source(i, level):
        frames = [np.full((8, 8, 3), level, np.uint8)] * 4
        return Source(str(i), lambda: iter(frames), labels[level % 2])

    sources = [source(i, level) for i, level in enumerate(levels)]
    create_dataset(folder, sources, ladder, ClipRules(4), about={})
    return Records(folder)


def test_a_data_set_equals_itself(shapes):
    seen = []
    for difference in compare(Records(shapes), Records(shapes), lambda: seen.append(1)):
        assert (difference.compared, difference.same, difference.other_labels) == (10, 10, 0)
        assert (difference.mean, difference.worst) == (0, None)
        assert str(difference).endswith("10 compared, 10 the same")
    assert len(seen) == 30


def test_differences_by_hand(tmp_path):
    one = grey([10, 20, 30], tmp_path / "a")
    other = grey([10, 26, 31], tmp_path / "b")
    order = one.clips(LADDER[0], range(3))[:, 0, 0, 0, 0].tolist()
    for difference in compare(one, other):
        assert (difference.compared, difference.same, difference.other_labels) == (3, 1, 1)
        assert difference.mean == pytest.approx(7 / 3)
        assert difference.worst == order.index(20)
        assert (difference.worst_mean, difference.worst_pixel) == (6, 6)
        assert f"worst clip {order.index(20)}: mean 6.000, up to 6" in str(difference)


def test_the_worst_clip_is_that_of_the_largest_mean(tmp_path):
    """One bright pixel is less than a little everywhere."""

    def plain(level, pixel):
        frame = np.full((8, 8, 3), level, np.uint8)
        frame[0, 0] = pixel
        return lambda: iter([frame] * 4)

    def clips(folder, seed, *frames):
        sources = [Source(str(i), f) for i, f in enumerate(frames)]
        create_dataset(folder, sources, LADDER, ClipRules(4), seed=seed, about={})
        return Records(folder)

    for seed in range(9):  # In both orders.
        one = clips(tmp_path / f"a{seed}", seed, plain(10, 10), plain(20, 20))
        other = clips(tmp_path / f"b{seed}", seed, plain(10, 200), plain(30, 30))
        difference = compare(one, other)[1]
        assert (difference.worst_mean, difference.worst_pixel) == (10, 10)


def test_data_sets_of_other_sizes(tmp_path):
    one = grey([10, 20, 30], tmp_path / "a", labels="ab")
    other = grey([10], tmp_path / "b", make_ladder("4x4x4"), labels="xy")
    (difference,) = compare(one, other)
    assert (difference.rung, difference.compared, difference.other_labels) == (LADDER[0], 1, 1)
