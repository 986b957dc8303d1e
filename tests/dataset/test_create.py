"""Making data sets: the same bytes for any number of threads and stops, all or nothing."""

import contextlib
import dataclasses
import functools
import itertools
import json
import shutil
import threading

import numpy as np
import pytest
import tensorflow as tf

from dataset import shards, unfinished
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.encoding import Encoding
from dataset.pyramid import Framing, pyramid, quantise
from dataset.readers.source import RejectedSource, Source
from dataset.records import Records
from growth.ladder import make_ladder
from support import files
from support.errors import UserError
from tests.abandoned import abandoned
from tests.dataset.conftest import LADDER

RULES = ClipRules(8, clip_rule="all")


def noise(name, count, broken=False):
    """A source of `count` frames of noise; `broken` raises after the last one."""

    def frames():
        random = np.random.default_rng(count)
        for _ in range(count):
            yield random.integers(0, 256, (16, 16, 3), np.uint8)
        if broken:
            raise RejectedSource("should be whole. Received: half")

    return Source(name, frames)


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def make(folder, sources, **more):
    """Small data sets of several shards, with clips of a source in more than one of them."""
    arguments = {"shard_clips": 3, "about": {"arguments": {"source": "videos"}}} | more
    return create_dataset(folder, sources, LADDER, RULES, **arguments)


class Killed(BaseException):
    """Stands for the end of the process."""


def kill_after(monkeypatch, calls):
    """Lets the process die when it has written so many files."""
    left = itertools.count(calls, -1)
    write = shards.write_atomically

    def write_or_die(path):
        if next(left) == 0:
            path.parent.mkdir(exist_ok=True)
            path.with_name(abandoned(path.name)).write_bytes(b"half a file")
            raise Killed
        return write(path)

    monkeypatch.setattr(shards, "write_atomically", write_or_die)


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


def test_after_a_full_disk_the_work_goes_on(shapes, tmp_path, make_shapes, monkeypatch):
    class Full(tf.io.TFRecordWriter):
        written = itertools.count()

        def write(self, record):
            if next(self.written) == 16:
                raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")
            super().write(record)

    with monkeypatch.context() as patch:
        patch.setattr(tf.io, "TFRecordWriter", Full)
        with pytest.raises(UserError, match="Cannot write .*: No space left on device"):
            make_shapes(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new.unfinished"]
    with pytest.raises(UserError, match="no metadata.json"):
        Records(tmp_path / "new.unfinished")
    assert content(make_shapes(tmp_path / "new")) == content(shapes)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_of_something_else_is_left_alone(tmp_path, make_shapes):
    (tmp_path / "new.unfinished/.git").mkdir(parents=True)
    with pytest.raises(
        UserError, match="Cannot write to .*new.unfinished: it holds files of something else"
    ):
        make_shapes(tmp_path / "new")
    assert [path.name for path in tmp_path.rglob("*")] == ["new.unfinished", ".git"]


def test_files_of_others_stay_in_the_folder_of_the_work(tmp_path, make_shapes, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(unfinished.Unfinished, "publish", _interrupted)
        make_shapes(tmp_path / "new")
    (tmp_path / "new.unfinished/mine.txt").touch()
    make_shapes(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new.unfinished").iterdir()] == ["mine.txt"]


def _interrupted(_):
    raise KeyboardInterrupt


MIXED = [noise("a", 25), noise("b", 7), noise("c", 80), noise("d", 9), noise("e", 40, broken=True)]
HELD_OUT = frozenset({"a"})


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("more", [{}, {"held_out": HELD_OUT}, {"max_clips": 7}])
def test_killed_at_any_write_and_started_again(tmp_path, monkeypatch, more, workers):
    whole = make(tmp_path / "whole", MIXED, **more)
    for calls in range(24):
        with monkeypatch.context() as patch:
            kill_after(patch, calls)
            with contextlib.suppress(Killed):  # Or else it was done before.
                make(tmp_path / "new", MIXED, workers=workers, **more)
        if (tmp_path / "new.unfinished").exists():
            assert not (tmp_path / "new").exists()
            assert make(tmp_path / "new", MIXED, **more) == whole
        for name in ("new", "new-val") if "held_out" in more else ("new",):
            assert content(tmp_path / name) == content(tmp_path / name.replace("new", "whole"))
            shutil.rmtree(tmp_path / name)
        assert not (tmp_path / "new.unfinished").exists()


def test_killed_between_the_moves_of_both_data_sets(tmp_path, monkeypatch):
    make(tmp_path / "whole", MIXED, held_out=HELD_OUT)

    def sync(path):
        if path == tmp_path:  # One of them has just been moved there.
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(unfinished, "sync", sync)
        with pytest.raises(Killed):
            make(tmp_path / "new", MIXED, held_out=HELD_OUT)
    assert {path.name for path in tmp_path.glob("new*")} == {"new.unfinished", "new-val"}
    rejected = make(tmp_path / "new", MIXED, held_out=HELD_OUT)
    assert set(rejected) == {"b", "e"}
    for name in ("new", "new-val"):
        assert content(tmp_path / name) == content(tmp_path / name.replace("new", "whole"))


@pytest.mark.parametrize("removed", [0, 1, 2, 3, 4, 5])
def test_killed_after_the_move(tmp_path, monkeypatch, removed):
    """The work is complete, and some files of its folder may be removed already."""
    whole = make(tmp_path / "whole", MIXED)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(unfinished.Unfinished, "remove", _interrupted)
        make(tmp_path / "new", MIXED)
    assert (tmp_path / "new/metadata.json").is_file()
    names = ["parts", "train", "journal.jsonl", "lock", "request.json"]
    files.remove_from(tmp_path / "new.unfinished", *names[:removed])
    before = content(tmp_path / "new")
    if removed < 5:
        assert make(tmp_path / "new", MIXED) in (whole, {})  # {}: where the journal is gone.
    with pytest.raises(UserError, match="new: it exists already and is a complete data set"):
        make(tmp_path / "new", MIXED)
    assert content(tmp_path / "new") == before
    assert not (tmp_path / "new.unfinished").exists()


def test_an_error_ends_the_work_on_other_sources(tmp_path):
    begun, read = threading.Event(), []

    def long():
        for number in range(200_000):
            read.append(number)
            begun.set()
            yield np.zeros((16, 16, 3), np.uint8)

    def wrong():
        begun.wait()
        raise UserError("should be right. Received: wrong")
        yield

    both = [Source("a", long), Source("b", wrong)]
    first = np.random.default_rng(0).permutation(2)[0]  # Which of them the seed puts first.
    with pytest.raises(UserError, match="b should be right. Received: wrong"):
        make(tmp_path / "new", both if first else both[::-1], workers=2)
    assert len(read) < 200_000


def test_work_that_was_done_is_not_done_again(tmp_path, monkeypatch):
    opened = []

    def counted(source):
        return Source(source.name, lambda: opened.append(source.name) or source.frames())

    sources = [counted(noise(str(i), 20)) for i in range(20)]
    with monkeypatch.context() as patch:
        kill_after(patch, 13)  # At most 13 parts, of 26 clips: not all are in shards of three.
        with pytest.raises(Killed):
            make(tmp_path / "new", sources)
    begun = set(opened)
    parts = {path.name for path in (tmp_path / "new.unfinished/parts").glob("[0-9]*")}
    opened.clear()
    make(tmp_path / "new", sources)
    assert len(opened) < 20
    assert len(begun | set(opened)) == 20
    assert parts


def test_other_arguments_are_refused_with_the_difference(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            make(tmp_path / "new", MIXED)
    before = content(tmp_path)
    for more, difference in [
        ({"seed": 1}, "seed=0, but seed=1"),
        ({"encoding": Encoding("zlib")}, "encoding=raw, but encoding=zlib"),
        ({"about": {"arguments": {"source": "clips"}}}, "source=videos, but source=clips"),
        ({"held_out": HELD_OUT}, "held_out=0 videos .*, but held_out=1 videos .*"),
    ]:
        with pytest.raises(
            UserError, match=f"Cannot resume .*unfinished: .*with {difference} was given"
        ):
            make(tmp_path / "new", MIXED, **more)
    with pytest.raises(UserError, match="sources=5 .*, but sources=4 .* was given"):
        make(tmp_path / "new", MIXED[:4])
    assert content(tmp_path) == before
    make(tmp_path / "new", MIXED)


def test_two_at_once_are_refused(tmp_path):
    def second():
        with pytest.raises(UserError, match="Cannot write to .*new.unfinished: another process is"):
            make(tmp_path / "new", MIXED)
        return noise("a", 9).frames()

    make(tmp_path / "new", [Source("a", second)])


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
