"""Which frames become a clip: literal tables. A frame is a number here."""

import numpy as np
import pytest

from dataset import clips
from dataset.clips import CLIP_RULES, ClipRules
from dataset.readers.source import RejectedSource
from support.errors import UserError


def cut(count, seed=0, **rules):
    random, rules = np.random.default_rng(seed), ClipRules(4, **rules)
    return [clip.tolist() for clip in rules.cut(lambda: iter(np.arange(count)), random)]


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


@pytest.mark.parametrize("rule", CLIP_RULES)
def test_clips_begin_where_a_count_of_the_frames_says(rule):
    for count in range(4, 30):
        starts = ClipRules(4, rule).starts(count, np.random.default_rng(5))
        assert [clip[0] for clip in cut(count, seed=5, clip_rule=rule)] == starts


@pytest.mark.parametrize("rule", CLIP_RULES)
def test_a_source_is_read_once_and_to_its_end(rule):
    opened, read = [], []

    def frames():
        opened.append(1)
        for i in range(50):
            read.append(i)
            yield np.full((2, 2, 3), i, np.uint8)

    list(ClipRules(4, rule).cut(frames, np.random.default_rng(0)))
    assert (len(opened), read) == (1, list(range(50)))


@pytest.mark.parametrize("rule", ["centre", "random"])
def test_a_source_too_large_to_keep_is_read_again_as_far_as_its_clip(rule, monkeypatch):
    kept = cut(40, clip_rule=rule)
    monkeypatch.setattr(clips, "KEPT", 8 * 39)  # Numbers of 8 bytes.
    assert cut(40, clip_rule=rule) == kept
    assert cut(3, clip_rule=rule, short="loop") == [[0, 1, 2, 0]]
    lengths, read = iter([40, 20]), []

    def frames():  # Fewer at the second time.
        for i in np.arange(next(lengths)):
            read.append(i)
            yield i

    if rule == "centre":
        with pytest.raises(RejectedSource, match="should have 40 frames, as before"):
            list(ClipRules(4, rule).cut(frames, np.random.default_rng(0)))
        assert len(read) == 60


def test_only_frames_of_clips_are_prepared_and_few_are_held():
    def prepared(rule, **more):
        seen = []
        rules = ClipRules(4, rule, **more)
        frames = iter(np.arange(100))
        list(rules.cut(lambda: frames, np.random.default_rng(0), lambda x: seen.append(x) or x))
        return seen

    assert prepared("first") == [0, 1, 2, 3]
    assert prepared("centre") == [48, 49, 50, 51]
    assert prepared("centre", frame_stride=2) == [46, 48, 50, 52]


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
