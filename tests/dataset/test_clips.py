"""Which frames become a clip: literal tables. A frame is a number here."""

import numpy as np
import pytest

from dataset.clips import ClipRules
from dataset.readers.source import RejectedSource
from support.errors import UserError


def cut(count, seed=0, **rules):
    rules = ClipRules(4, **rules)
    starts = rules.starts(count, np.random.default_rng(seed))
    return [clip.tolist() for clip in rules.cut(iter(range(count)), starts)]


@pytest.mark.parametrize(
    ("count", "rules", "expected"),
    [
        (10, {"clip_rule": "centre"}, [[3, 4, 5, 6]]),
        (11, {"clip_rule": "centre"}, [[3, 4, 5, 6]]),
        (4, {"clip_rule": "centre"}, [[0, 1, 2, 3]]),
        (10, {"clip_rule": "first"}, [[0, 1, 2, 3]]),
        (11, {"clip_rule": "all"}, [[0, 1, 2, 3], [4, 5, 6, 7]]),
        (12, {"clip_rule": "all"}, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
        (7, {"clip_rule": "all", "clip_stride": 2}, [[0, 1, 2, 3], [2, 3, 4, 5]]),
        (10, {"clip_rule": "centre", "frame_stride": 3}, [[0, 3, 6, 9]]),
        (15, {"clip_rule": "all", "frame_stride": 2}, [[0, 2, 4, 6], [8, 10, 12, 14]]),
        (3, {"short": "loop"}, [[0, 1, 2, 0]]),
        (3, {"short": "hold"}, [[0, 1, 2, 2]]),
        (3, {"short": "loop", "frame_stride": 2}, [[0, 2, 1, 0]]),
        (1, {"short": "hold", "clip_rule": "all"}, [[0, 0, 0, 0]]),
        (5, {"short": "loop", "clip_rule": "all"}, [[0, 1, 2, 3]]),
    ],
)
def test_clips(count, rules, expected):
    assert cut(count, **rules) == expected


def test_random_clips_reach_both_ends():
    begins = {cut(7, seed, clip_rule="random")[0][0] for seed in range(50)}
    assert begins == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("count", "short", "error"),
    [(3, "skip", RejectedSource), (3, "error", UserError), (0, "hold", RejectedSource)],
)
def test_too_short(count, short, error):
    with pytest.raises(error, match="at least 4 frames. Received: ") as info:
        cut(count, short=short)
    assert info.type is error
