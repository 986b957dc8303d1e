"""Work on data sets that is stopped, killed or repeated: the same bytes in the end."""

import contextlib
import itertools
import shutil
import threading

import numpy as np
import pytest
import tensorflow as tf

from dataset import shards, unfinished
from dataset.encoding import Encoding
from dataset.readers.source import Source
from dataset.records import Records
from support import files
from support.errors import UserError
from tests.abandoned import abandoned
from tests.dataset.sources import HELD_OUT, MIXED, content, make, noise


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
