import os
from pathlib import Path

import pytest
import tensorflow as tf

from config import Train
from run_folder import checkpoint
from run_folder.checkpoint import Checkpoints, kept_checkpoints
from support.errors import UserError


class Trainer:
    """Stands for a `Trainer`: one variable."""

    def __init__(self, nimg=0):
        self.variable, self.nimg = tf.Variable(nimg, dtype=tf.int64), nimg
        self._checkpoint = tf.train.Checkpoint(nimg=self.variable)

    def write(self, path):
        self.variable.assign(self.nimg)
        self._checkpoint.write(path)

    def restore(self, path):
        self._checkpoint.read(path).assert_consumed()
        self.nimg = int(self.variable.numpy())

    def roll_back(self, path):
        self.restore(path)


@pytest.fixture
def saved(tmp_path):
    """A folder with the checkpoints 10 and 20."""
    checkpoints = Checkpoints(tmp_path, Train())
    for nimg in (10, 20):
        checkpoints.save(Trainer(nimg))
    return tmp_path


def _restored(folder):
    told, trainer = [], Trainer()
    found = Checkpoints(folder, Train(), told.append).restore_latest(trainer)
    return (trainer.nimg if found else None), told


def _cut(path):
    os.truncate(path, path.stat().st_size - 1)


def _flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _empty(path):
    os.truncate(path, 0)


def test_the_newest_is_restored(saved):
    assert _restored(saved) == (20, [])


def test_there_is_none(tmp_path):
    assert _restored(tmp_path / "nowhere") == (None, [])


@pytest.mark.parametrize("damage", [_cut, _flip, _empty])
@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_damaged_one_is_told_and_the_one_before_it_used(saved, suffix, damage):
    file = saved / f"ckpt-000000020{suffix}"
    damage(file)
    nimg, told = _restored(saved)
    assert nimg == 10
    assert told == [f"Warning: {file} is damaged. The checkpoint before it is used."]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"a": 1}', '{"ckpt-000000020.index": {}}'])
def test_a_damaged_json_is_told(saved, text):
    (saved / "ckpt-000000020.json").write_text(text)
    nimg, told = _restored(saved)
    assert nimg == 10
    assert "ckpt-000000020.json" in told[0]


def test_a_missing_file_is_told(saved):
    (saved / "ckpt-000000020.index").unlink()
    nimg, told = _restored(saved)
    assert nimg == 10
    assert "ckpt-000000020.index cannot be read (No such file or directory)" in told[0]


def test_without_its_json_it_is_none(saved):
    """So a process leaves it that is killed while it saves."""
    (saved / "ckpt-000000020.json").unlink()
    assert _restored(saved) == (10, [])


def test_training_does_not_begin_anew_where_all_are_damaged(saved):
    for nimg in (10, 20):
        _flip(saved / f"ckpt-{nimg:09d}.data-00000-of-00001")
    with pytest.raises(UserError, match="no checkpoint in it is whole"):
        _restored(saved)


def test_a_damaged_one_is_written_anew(saved):
    _flip(saved / "ckpt-000000020.index")
    checkpoints, trainer = Checkpoints(saved, Train(), lambda _: None), Trainer()
    checkpoints.restore_latest(trainer)
    trainer.nimg = 20
    checkpoints.save(trainer)
    assert _restored(saved) == (20, [])


def test_only_checkpoints_that_are_no_longer_kept_are_deleted(saved):
    (saved / "ckpt-000000010.json").unlink()  # As after a partial backup.
    (saved / "ckpt-mine").mkdir()
    (saved / "ckpt-mine/notes.txt").touch()
    (saved / "ckpt-000000020.notes").touch()
    others = {path.name for path in saved.iterdir() if "20" not in path.name}
    Checkpoints(saved, Train(keep_checkpoints=1)).save(Trainer(40))
    left = {path.name for path in saved.iterdir() if "40" not in path.name}
    assert left == others | {"ckpt-000000020.notes"}
    assert (saved / "ckpt-mine/notes.txt").exists()


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_process_killed_while_saving_leaves_no_checkpoint(saved, monkeypatch, moved):
    """At each of its moves: of the two files of TensorFlow, and of the JSON."""
    replace, moves = Path.replace, []

    def kill(path, target):
        if len(moves) == moved:
            raise KeyboardInterrupt
        moves.append(target)
        return replace(path, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", kill)
        Checkpoints(saved, Train()).save(Trainer(30))
    assert len(moves) == moved
    assert _restored(saved) == (20, [])


@pytest.mark.parametrize("failing", ["write", "json"])
def test_a_full_disk_leaves_the_checkpoints_before(saved, monkeypatch, failing):
    before = sorted(saved.iterdir())
    trainer = Trainer(30)

    def full(path):
        Path(f"{path}_temp").mkdir()
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    def full_later(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if failing == "write":
            patch.setattr(trainer, "write", full)
        else:
            patch.setattr(checkpoint, "sha256", full_later)
        with pytest.raises(UserError, match="Cannot save a checkpoint to .*No space left"):
            Checkpoints(saved, Train()).save(trainer)
    assert sorted(saved.iterdir()) == before
    assert _restored(saved) == (20, [])


def test_a_folder_whose_name_is_a_glob(tmp_path):
    folder = tmp_path / "lr[1e-3]*?"
    for nimg in (10, 20):
        Checkpoints(folder, Train()).save(Trainer(nimg))
    assert _restored(folder) == (20, [])


def test_a_renamed_checkpoint_is_skipped(saved):
    for path in list(saved.glob("ckpt-000000010*")):
        copy, data = path.with_name(path.name.replace("10", "30")), path.read_bytes()
        if path.suffix == ".json":
            data = data.replace(b"ckpt-000000010", b"ckpt-000000030")
        copy.write_bytes(data)
    nimg, warnings = _restored(saved)
    assert nimg == 20
    assert "ckpt-000000030 holds the training state at nimg 10" in warnings[0]


def test_a_json_of_another_checkpoint_is_skipped(saved):
    text = (saved / "ckpt-000000010.json").read_text()
    (saved / "ckpt-000000030.json").write_text(text)
    nimg, warnings = _restored(saved)
    assert nimg == 20
    assert "ckpt-000000030.json does not describe a checkpoint of this name" in warnings[0]


@pytest.mark.parametrize("suffix", ["index", "data-00000-of-00001", "json"])
def test_a_folder_in_place_of_a_file_is_skipped(saved, suffix):
    file = saved / f"ckpt-000000020.{suffix}"
    file.unlink()
    file.mkdir()
    nimg, warnings = _restored(saved)
    assert nimg == 10
    assert "Is a directory" in warnings[0]


def test_so_many_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, Train(keep_checkpoints=2, keep_checkpoint_kimg=1))
    for nimg in (0, 600, 1200, 1800, 2400, 3000, 3600):
        checkpoints.save(Trainer(nimg))
    kept = {file.name.partition(".")[0] for file in tmp_path.iterdir()}
    assert kept == {f"ckpt-{nimg:09d}" for nimg in (1200, 2400, 3000, 3600)}
    assert len(list(tmp_path.iterdir())) == 3 * 4


def test_which_are_kept():
    known = [0, 600, 1200, 1800, 2400, 3000]
    assert kept_checkpoints(known, 2, 0) == {2400, 3000}
    assert kept_checkpoints(known, 1, 1) == {1200, 2400, 3000}
    assert kept_checkpoints(known, 1, 0.5) == {600, 1200, 1800, 2400, 3000}
    assert kept_checkpoints(known, 1, 100) == {3000}
