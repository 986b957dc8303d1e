"""Making data sets: the same bytes for any number of threads, all or nothing."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from dataset import create
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.pyramid import pyramid, quantise
from dataset.readers.source import RejectedSource, Source
from dataset.records import Records
from support.errors import UserError
from tests.dataset.conftest import LADDER

RULES = ClipRules(8, clip_rule="all")


def noise(name, count, broken=False):
    """A source of `count` frames of noise; `broken` is told after the last one."""

    def frames():
        random = np.random.default_rng(count)
        for _ in range(count):
            yield random.integers(0, 256, (16, 16, 3), np.uint8)
        if broken:
            raise RejectedSource("should be whole. Received: half")

    return Source(name, frames)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


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
        create_dataset(tmp_path / "new", [noise("a", 3)], LADDER, rules, about={})


def test_too_little_room_is_said_before_the_work(tmp_path, make_shapes, monkeypatch):
    usage = type("Usage", (), {"free": 50_000})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match="0.1 MB free for 10 clips. Received: 0.1 MB"):
        make_shapes(tmp_path / "x/new")
    assert list((tmp_path / "x").iterdir()) == []


def test_a_disk_that_fills_up_is_a_users_error(tmp_path, make_shapes, monkeypatch):
    class Full(tf.io.TFRecordWriter):
        def write(self, record):
            raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.io, "TFRecordWriter", Full)
    with pytest.raises(UserError, match="should take the records. Received: No space left"):
        make_shapes(tmp_path / "x/new")
    assert list((tmp_path / "x").iterdir()) == []


def test_number_of_shards():
    assert create._number_of_shards(None, 100, LADDER) == 1
    assert create._number_of_shards(8, 5, LADDER) == 5
    assert create._number_of_shards(None, 400_000, LADDER) == 3  # 6,144 bytes a clip.
    assert create._number_of_shards(None, 2**40, LADDER) == 100
