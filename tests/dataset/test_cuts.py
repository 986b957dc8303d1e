"""Clips that stay within a shot, and clips that hardly move."""

import json

import numpy as np
import pytest

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.cuts import count_crossing, cut_within, find_shots
from dataset.readers.source import RejectedSource, Source
from dataset.records import Records
from tests.dataset.conftest import LADDER
from tests.dataset.faces.scenes import texture
from tests.dataset.sources import content

SHOTS = [range(6), range(6, 26), range(26, 38)]


@pytest.fixture(scope="module")
def film():
    """38 frames of three shots, in which a texture pans."""
    frames = []
    for seed, shot in enumerate(SHOTS):
        wide = texture(seed, 120, 260)
        frames += [wide[:, 3 * i : 3 * i + 160] for i in range(len(shot))]
    return frames


def test_shots_are_found(film):
    assert find_shots(iter(film)) == SHOTS
    assert find_shots(iter(film[:6])) == [range(6)]
    assert find_shots(iter([np.zeros((32, 32, 3), np.uint8)] * 3)) == [range(3)]
    assert find_shots(iter([])) == [range(0)]


@pytest.mark.parametrize(
    ("rule", "begins", "crossing"),
    [
        ("all", [6, 14, 26], 2),  # Two of 0, 8, 16 and 24.
        ("first", [6], 1),
        ("centre", [12], 0),  # The middle of the film is within the second shot too.
        ("windows", [6, 26], 2),
    ],
)
def test_each_clip_rule_stays_within_shots(rule, begins, crossing):
    rules, random = ClipRules(8, rule, cuts="skip"), np.random.default_rng(0)
    numbers = [np.array([i]) for i in range(38)]
    clips = list(cut_within(rules, SHOTS, lambda: iter(numbers), random, lambda frame: frame))
    assert [int(clip[0, 0]) for clip in clips] == begins
    for clip in clips:
        assert (np.diff(clip[:, 0]) == 1).all()
        assert any(clip[0, 0] in shot and clip[-1, 0] in shot for shot in SHOTS)
    assert count_crossing(rules, SHOTS, random) == crossing


def test_a_source_of_short_shots_is_rejected():
    rules, random = ClipRules(21, cuts="skip"), np.random.default_rng(0)
    frames = [np.array([i]) for i in range(38)]
    with pytest.raises(RejectedSource, match="a shot of at least 21 frames. Received: 20"):
        list(cut_within(rules, SHOTS, lambda: iter(frames), random, lambda frame: frame))
    held = ClipRules(21, short="hold", cuts="skip")
    (clip,) = cut_within(held, SHOTS, lambda: iter(frames), random, lambda frame: frame)
    assert clip[-2:, 0].tolist() == [25, 25]


def test_what_is_left_out_is_counted_for_any_number_of_workers(film, tmp_path):
    black, still = [np.zeros_like(film[0])] * 8, [film[0]] * 8
    videos = {"film": film, "black": black, "mixed": still + film[26:34], "still": still}
    sources = [Source(name, lambda frames=frames: iter(frames)) for name, frames in videos.items()]
    rules = ClipRules(8, "all", cuts="skip", min_motion=0.5)
    for workers in (1, 3):
        rejected = create_dataset(
            tmp_path / str(workers), sources, LADDER, rules, workers=workers, about={}
        )
        assert rejected.keys() == {"black", "still"}
        assert "at least 0.5 grey levels from frame to frame. Received: 0" in rejected["black"]
    assert content(tmp_path / "1") == content(tmp_path / "3")
    records = Records(tmp_path / "1")
    assert len(records) == 4
    metadata = json.loads((tmp_path / "1" / "metadata.json").read_text())
    assert metadata["left_out"] == {"cuts": 2, "still": 3}


def test_an_interrupted_count_is_resumed(film, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    rules = ClipRules(8, "all", cuts="skip", min_motion=0.5)
    names = ["a", "b", "c"]
    whole = [Source(name, lambda: iter(film)) for name in names]
    order = np.random.default_rng(0).permutation(3)
    partly = list(whole)
    partly[order[1]] = Source(names[order[1]], interrupt)
    with pytest.raises(KeyboardInterrupt):
        create_dataset(tmp_path / "new", partly, LADDER, rules, about={})
    journal = tmp_path / "new.unfinished" / "journal.jsonl"
    assert [json.loads(line)["source"]["cuts"] for line in journal.read_text().splitlines()] == [2]
    create_dataset(tmp_path / "new", whole, LADDER, rules, about={})
    create_dataset(tmp_path / "whole", whole, LADDER, rules, about={})
    assert content(tmp_path / "new") == content(tmp_path / "whole")
