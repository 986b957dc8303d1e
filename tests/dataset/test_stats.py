"""Statistics: numbers that can be found by hand."""

import numpy as np
import pytest

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers.source import Source
from dataset.records import Records
from dataset.stats import length_table, measure
from growth.ladder import make_ladder

LADDER = make_ladder("4x4x4 4x8x8")
EMPTY = [(i, i + 1, 0) for i in (3, 5, 7, 9)]


def test_colour_and_motion(tmp_path):
    """A red clip of level 100 and one that turns from black to blue of 200."""
    red, black, blue = np.zeros((3, 8, 8, 3), np.uint8)
    red[..., 0], blue[..., 2] = 100, 200
    sources = [
        Source("red", lambda: iter([red] * 4)),
        Source("blue", lambda: iter([black, black, blue, blue])),
    ]
    create_dataset(tmp_path / "data", sources, LADDER, ClipRules(4), about={})
    seen = []

    def motion(clips):
        assert clips.shape == (1, 4, 8, 8, 3)
        assert -1 <= clips.min() <= clips.max() <= 1
        return np.abs(np.diff(clips, axis=1)).sum((1, 2, 3, 4)) * 127.5

    found = measure(Records(tmp_path / "data"), LADDER[1], 5, motion, lambda: seen.append(1))
    assert found.clips == len(seen) == 2
    np.testing.assert_allclose(found.colour, [50, 0, 50])
    np.testing.assert_allclose(found.deviation, [50, 0, np.sqrt(200**2 / 4 - 50**2)])
    assert sorted(found.motion) == pytest.approx([0, 200 * 64])


def test_clips_are_chosen_evenly(shapes):
    records, read = Records(shapes), []
    clips = records.clips
    records.clips = lambda rung, indices: read.extend(indices) or clips(rung, indices)
    measure(records, records.ladder[0], 4, lambda clips: np.zeros(1))
    assert read == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("lengths", "table"),
    [
        ({}, []),
        ({"31": 4}, [(31, 31, 4)]),
        ({"31": 4, "33": 1}, [(31, 31, 4), (32, 32, 0), (33, 33, 1)]),
        ({"1": 5, "2": 7, "12": 2}, [(1, 2, 12), *EMPTY, (11, 12, 2)]),
    ],
)
def test_length_table(lengths, table):
    assert length_table(lengths) == table
