"""What a new data set's user should know."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from dataset.advice import advise, count_unused
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.oddities import find_oddities, oddity
from dataset.readers import list_sources, videos
from dataset.readers.source import ReaderOptions, Source
from dataset.records import Records
from growth.ladder import make_ladder
from tests.dataset.conftest import LADDER

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (8, 16, 16, 3), np.uint8)
PLAIN = {
    "black": np.full((8, 16, 16, 3), 16, np.uint8),
    "white": np.full((8, 16, 16, 3), 235, np.uint8),
    "of one colour": np.full((8, 16, 16, 3), (20, 200, 90), np.uint8),
    "still": NOISE[:1].repeat(8, axis=0),
}


def make(folder, clips, rule="centre", **more):
    sources = [
        Source(str(i), lambda clip=clip: iter(clip), video=str(i)) for i, clip in enumerate(clips)
    ]
    rules = ClipRules(8, rule)
    create_dataset(folder, sources, LADDER, rules, about={}, **more)
    return Records(folder), rules


@pytest.mark.parametrize("kind", PLAIN)
def test_clips_of_one_colour_and_still_ones(kind):
    assert oddity(PLAIN[kind]) == kind
    assert oddity(PLAIN[kind] + RANDOM.integers(0, 3, (1, 16, 16, 3), np.uint8)) == kind


def test_clips_that_move_are_not_odd():
    options = ReaderOptions(num_clips=16, num_frames=8, resolution=32)
    for source in list_sources(Path(), "synthetic", options):
        assert oddity(np.stack(list(source.frames()))) is None
    assert oddity(NOISE[:1]) is None  # One frame has no motion.


def test_a_clip_across_a_cut():
    dark, bright = NOISE // 4, NOISE // 4 + 150
    assert oddity(np.concatenate([dark[:1].repeat(4, 0), bright[:1].repeat(4, 0)])) == (
        "across a cut"
    )


def test_repeated_frames_do_not_make_cuts_of_the_others():
    """As in a video of 5 frames per second that is stored at 25."""
    frames = np.stack([np.roll(NOISE[0] // 2, 3 * i, axis=1) for i in range(5)])
    assert oddity(frames.repeat(5, axis=0)) is None


def test_real_cuts(real_clips):
    """The film has three, before frames 20, 82 and 211."""
    frames = list(videos.decode(real_clips / "faces/film_clip_640x360.mp4"))
    begins = range(0, len(frames) - 31, 16)
    found = [b for b in begins if oddity(np.stack(frames[b : b + 32])) == "across a cut"]
    assert found == [b for b in begins if any(b < cut < b + 32 for cut in (20, 82, 211))]
    for source in list_sources(real_clips / "weizmann_actions", "auto", ReaderOptions())[::7]:
        assert oddity(np.stack(list(itertools.islice(source.frames(), 32)))) is None


def test_oddities_are_found_by_number(tmp_path):
    clips = [NOISE, *PLAIN.values(), NOISE]
    records, _ = make(tmp_path / "new", clips)
    found = find_oddities(records, LADDER[-1], range(6))
    stored = records.clips(LADDER[-1], range(6))
    for kind, clip in PLAIN.items():
        (index,) = found[kind]
        np.testing.assert_array_equal(stored[index], clip)


@pytest.mark.parametrize(
    ("frames", "rules", "clips", "unused"),
    [
        ({"720": 1}, ClipRules(16), 1, 44),
        ({"720": 1}, ClipRules(16, "all"), 45, 0),
        ({"40": 2, "7": 3}, ClipRules(8, short="loop"), 5, 8),
        ({"40": 2}, ClipRules(8, frame_stride=5), 2, 0),
        ({"40": 2}, ClipRules(8, clip_stride=1), 2, 64),
        ({}, ClipRules(8), 3, 0),
    ],
)
def test_clips_that_were_not_taken_are_counted(frames, rules, clips, unused):
    assert count_unused(frames, rules, clips) == unused


def test_a_long_video_with_one_clip(tmp_path):
    records, rules = make(tmp_path / "new", [np.concatenate([NOISE] * 9)])
    assert advise(records, rules) == [
        "8 more clips are in these sources: `clip_rule=all` takes all windows of each.",
        "Warning: 1 clip. A network memorises a data set of fewer than 200 clips, and scores on it "
        "mean little.",
    ]


def test_a_black_film(tmp_path):
    records, rules = make(tmp_path / "new", [np.concatenate([PLAIN["black"]] * 250)], "all")
    assert advise(records, rules) == [
        "Warning: of 250 clips that were sampled: 250 black. `dataset_tool.py stats` lists them."
    ]


def test_nothing_is_said_of_an_ordinary_data_set(tmp_path):
    options = ReaderOptions(num_clips=200, num_frames=4, resolution=16)
    ladder = make_ladder("4x16x16")
    sources = list_sources(Path(), "synthetic", options)
    create_dataset(tmp_path / "new", sources, ladder, ClipRules(4), about={})
    assert advise(Records(tmp_path / "new"), ClipRules(4)) == []
