"""Making data sets: the same bytes for any number of threads and stops, all or nothing."""

import dataclasses
import functools
import json
import shutil

import numpy as np
import pytest

from dataset import shards
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pyramid import Framing, pyramid, quantise
from dataset.readers.source import Source
from dataset.records import Records
from growth.ladder import make_ladder
from support.errors import UserError
from tests.dataset.conftest import LADDER
from tests.dataset.sources import MIXED, RULES, content, make, noise


@pytest.mark.parametrize("workers", [2, 5])
def test_bytes_do_not_depend_on_the_threads(make_shapes, shapes, tmp_path, workers):
    assert content(make_shapes(tmp_path / "new", workers=workers)) == content(shapes)


def test_the_seed_changes_the_order(make_shapes, shapes, tmp_path):
    one, other = Records(shapes), Records(make_shapes(tmp_path / "new", seed=1))
    a, b = (records.read(LADDER[0], range(10)) for records in (one, other))
    assert a != b
    assert sorted(a) == sorted(b)


def test_every_rung_holds_the_pooled_clip(shapes):
    records = Records(shapes)
    rungs = [records.clips(rung, range(10)) for rung in LADDER]
    for i, clip in enumerate(rungs[-1]):
        for of_rung, pooled in zip(rungs, pyramid(clip, LADDER), strict=True):
            np.testing.assert_array_equal(of_rung[i], quantise(pooled))


def test_all_windows_and_the_rejected(tmp_path):
    sources = [noise("a", 25), noise("b", 7), noise("c", 16), noise("d", 40, broken=True)]
    rejected = create_dataset(tmp_path / "new", sources, LADDER, RULES, about={})
    assert rejected == {
        "b": "should have at least 8 frames. Received: 7",
        "d": "should be whole. Received: half",
    }
    assert (tmp_path / "new/rejected.txt").read_text().count("\n") == 2
    clips = Records(tmp_path / "new").clips(LADDER[-1], range(5))
    windows = [
        np.stack(list(s.frames())[i : i + 8]) for s in (sources[0], sources[2]) for i in (0, 8)
    ]
    for window in windows:
        assert (clips == window).all((1, 2, 3, 4)).sum() == 1


def test_frames_are_framed_as_asked_for(tmp_path):
    half = np.repeat(np.array([50, 200], np.uint8), 16)  # [W] Dark on the left.
    frames = [np.broadcast_to(half[:, None], (16, 32, 3))] * 8
    for crop, levels in (("left", {50}), ("right", {200}), ("centre", {50, 200})):
        source = Source("a", lambda: iter(frames))
        framing = Framing(crop=crop)
        create_dataset(tmp_path / crop, [source], LADDER, RULES, framing=framing, about={})
        clips = Records(tmp_path / crop).clips(LADDER[-1], range(1))
        assert set(np.unique(clips)) == levels


def test_labels_are_numbered_in_their_natural_order(tmp_path):
    names = ["10", "HammerThrow", "2", "Hammering"]
    sources = [dataclasses.replace(noise(name, 8), label=name) for name in names]
    create_dataset(tmp_path / "new", sources, LADDER, RULES, about={})
    assert Records(tmp_path / "new").label_names == ["2", "10", "Hammering", "HammerThrow"]


def test_max_clips_ends_early(tmp_path):
    sources = [noise(str(i), 20) for i in range(30)]
    create_dataset(tmp_path / "new", sources, LADDER, RULES, max_clips=5, about={})
    assert len(Records(tmp_path / "new")) == 5


def test_nothing_is_left_when_all_are_rejected(tmp_path):
    with pytest.raises(UserError, match="All 2 sources are rejected: .* Received: 3; "):
        create_dataset(tmp_path / "x/new", [noise("a", 3), noise("b", 3)], LADDER, RULES, about={})
    assert list((tmp_path / "x").iterdir()) == []


def test_short_sources_can_be_an_error(tmp_path):
    rules = ClipRules(8, short="error")
    with pytest.raises(UserError, match="^a should have at least 8 frames. Received: 3"):
        create_dataset(tmp_path / "x/new", [noise("a", 3)], LADDER, rules, about={})
    assert list((tmp_path / "x").iterdir()) == []


def test_too_little_room_is_said_before_the_work(tmp_path, make_shapes, monkeypatch):
    usage = type("Usage", (), {"free": 50_000})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match="10 clips need 0.1 MB, and the disk has 0.1 MB free"):
        make_shapes(tmp_path / "x/new")
    assert not (tmp_path / "x").exists()


def test_held_out_videos_go_to_a_data_set_of_their_own(tmp_path):
    sources = [
        Source(f"{name}#{i}", noise(name, 16).frames, name, video=name)
        for name in "abc"
        for i in "12"
    ]
    make(tmp_path / "new", sources, held_out=frozenset({"b"}))
    train, val = Records(tmp_path / "new"), Records(tmp_path / "new-val")
    assert (len(train), len(val)) == (8, 4)
    assert train.label_names == val.label_names == ["a", "b", "c"]
    labels = [label["clips"] for label in val.metadata["labels"]]
    assert labels == [0, 4, 0]


def test_held_out_videos_that_are_all_rejected(tmp_path):
    with pytest.raises(UserError, match="All 1 held-out sources are rejected: b should have"):
        make(tmp_path / "x/new", MIXED, held_out=frozenset({"b"}))
    assert list((tmp_path / "x").iterdir()) == []


def test_lengths_of_the_sources_are_kept(tmp_path):
    make(tmp_path / "new", MIXED)
    metadata = json.loads((tmp_path / "new/metadata.json").read_text())
    assert metadata["source_frames"] == {"9": 1, "25": 1, "80": 1}


def test_the_clips_of_a_shard_are_shuffled_apart_from_the_sources(tmp_path):
    """Had both orders the same random numbers, two clips would keep theirs at every seed."""
    orders = set()
    for seed in range(8):
        frames = [[np.full((16, 16, 3), level, np.uint8)] * 8 for level in (0, 1)]
        sources = [Source(str(level), functools.partial(iter, frames[level])) for level in (0, 1)]
        make(tmp_path / str(seed), sources, seed=seed)
        orders.add(tuple(Records(tmp_path / str(seed)).clips(LADDER[0], [0, 1])[:, 0, 0, 0, 0]))
    assert orders == {(0, 1), (1, 0)}


def test_shards_are_full_but_the_last(tmp_path):
    make(tmp_path / "new", MIXED, shard_clips=6)  # 3 + 10 + 1 clips.
    for shards_of_rung in Records(tmp_path / "new").shards.values():
        assert [shard.records for shard in shards_of_rung] == [6, 6, 2]


def test_clips_per_gigabyte():
    assert shards.clips_per_gigabyte(LADDER) == 2**30 // (8 * 16 * 16 * 3 + 100)
    assert shards.clips_per_gigabyte(make_ladder("thesis")) == 170
