import json
import os

import pytest
import tensorflow as tf

from run_folder.folder import RunFolder
from run_folder.reading import read_config, read_history
from support.errors import UserError
from tests.abandoned import abandoned
from tests.training.toys import tick, tiny_config, trainer_for

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


def _open(path, *settings):
    return RunFolder(path, tiny_config(*settings), DATA)


def test_config_versions_and_data_are_kept(tmp_path):
    with _open(tmp_path / "run"):
        known = json.loads((tmp_path / "run" / "config.json").read_text())
    assert known["config"] == json.loads(json.dumps(tiny_config().as_dict()))
    assert known["data"] == DATA
    assert known["versions"]["tensorflow"].startswith("2.")


def test_a_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(UserError, match="`run` should be the folder of a run"):
        _open(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "config.json").write_text('{"compilerOptions": {}}')
    with pytest.raises(UserError, match="config.json: `config` is missing"):
        _open(tmp_path)


def test_a_folder_of_a_process_killed_at_its_start_is_new(tmp_path):
    for name in ("lock", abandoned("config.json")):
        (tmp_path / name).touch()
    with _open(tmp_path) as run:
        assert run.history() == []


def test_a_folder_that_holds_only_hidden_folders_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(UserError, match="without config.json"):
        _open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_what_killed_processes_were_writing_is_deleted_at_the_start(tmp_path):
    _open(tmp_path).__exit__()
    left = tmp_path / "snapshots" / abandoned("gs-000000000.weights.h5")
    left.parent.mkdir()
    left.touch()
    (tmp_path / ".mine").touch()
    _open(tmp_path).__exit__()
    assert not left.exists()
    assert (tmp_path / ".mine").exists()


def test_other_clips_are_refused(tmp_path):
    _open(tmp_path / "run").__exit__()
    other = {"folder": "datasets/other", "sha256": "1" * 64}
    with pytest.raises(UserError, match="started with datasets/tiny, which holds other clips"):
        RunFolder(tmp_path / "run", tiny_config(), other)


def test_another_config_is_refused_with_the_difference(tmp_path):
    _open(tmp_path / "run").__exit__()
    with pytest.raises(
        UserError, match="network.latent_size=8, but network.latent_size=16 was given"
    ):
        _open(tmp_path / "run", "network.latent_size=16")
    with pytest.raises(UserError, match="loss.kind=swgan.* loss.kind=wgan_gp"):
        _open(tmp_path / "run", "loss=wgan_gp")


def test_length_and_intervals_may_change(tmp_path):
    _open(tmp_path / "run").__exit__()
    with _open(tmp_path / "run", "train.total_kimg=1", "train.snapshot_ticks=9") as run:
        assert run.config.train.total_kimg == 1


def test_a_run_in_use_is_refused(tmp_path):
    with _open(tmp_path / "run"), pytest.raises(UserError, match="another process trains there"):
        _open(tmp_path / "run")
    _open(tmp_path / "run").__exit__()  # Free again.


def test_checkpoints_bring_back_nimg_and_cut_the_history(tmp_path):
    with _open(tmp_path / "run") as run:
        trainer = trainer_for(tiny_config())
        run.restore_latest(trainer)
        assert not run.save_is_due()
        trainer._nimg.assign(48)
        run.save(trainer)
        for nimg in (16, 48, 64):
            run.append_history(tick(nimg))
        assert len(run.history()) == 3
    with open(tmp_path / "run" / "history.jsonl", "a") as file:
        file.write('{"nimg": 8')  # Killed while writing.
    with _open(tmp_path / "run") as run:
        trainer = trainer_for(tiny_config())
        run.restore_latest(trainer)
        assert trainer.nimg == 48
        assert [line["nimg"] for line in run.history()] == [16, 48]


def test_other_damaged_clips_than_before_are_refused(tmp_path):
    RunFolder(tmp_path / "run", tiny_config(), DATA | {"skipped": [3]}).__exit__()
    with pytest.raises(UserError, match="0 damaged clips are skipped now, but 1 were"):
        _open(tmp_path / "run")


def test_other_versions_are_told(tmp_path, capsys):
    _open(tmp_path / "run").__exit__()
    path = tmp_path / "run" / "config.json"
    path.write_text(
        path.read_text().replace(f'"tensorflow": "{tf.__version__}', '"tensorflow": "2.1')
    )
    capsys.readouterr()
    for _ in range(2):  # Each time that it resumes.
        with _open(tmp_path / "run"):
            told = capsys.readouterr().out
        assert "was started with other versions: tensorflow 2.1" in told
        assert "keras" not in told


def test_the_status_tells_how_it_ended(tmp_path):
    path = tmp_path / "status.json"
    for error, state in ((UserError("no room"), "failed"), (KeyboardInterrupt(), "interrupted")):
        with pytest.raises(type(error)), _open(tmp_path) as run:
            assert json.loads(path.read_text())["state"] == "starting"
            run.status.write("training", nimg=7)
            raise error
        status = json.loads(path.read_text())
        assert status["state"] == state
        assert status["nimg"] == 7
        assert status["pid"] == os.getpid()
    assert status["sentence"] == "stopped without saving"


class Lost:
    """A trainer whose run has lost its checkpoints."""

    nimg = 0

    def write(self, path):
        tf.train.Checkpoint(nimg=tf.Variable(0, dtype=tf.int64)).write(path)

    def restore(self, path):
        raise AssertionError("There is no checkpoint to restore.")


@pytest.mark.parametrize("lost", ["all", "json"])
def test_a_run_that_lost_its_checkpoints_is_not_trained_again(tmp_path, lost):
    line = tick(4000)
    with _open(tmp_path) as run:
        run.restore_latest(Lost())
        run.append_history(line)
    for path in (tmp_path / "checkpoints").iterdir():
        if lost == "all" or path.suffix == ".json":
            path.unlink()
    kept = sorted(tmp_path.rglob("ckpt-*"))
    with _open(tmp_path) as run, pytest.raises(UserError, match="reaches kimg 4, but there is no"):
        run.restore_latest(Lost())
    assert sorted(tmp_path.rglob("ckpt-*")) == kept
    assert read_history(tmp_path) == [line]
    with RunFolder(tmp_path, tiny_config(), DATA, start_over=True) as run:
        run.restore_latest(Lost())
    assert read_history(tmp_path) == []


@pytest.mark.parametrize("replaced", [True, False])
def test_a_folder_that_is_moved_is_not_written_again(tmp_path, replaced):
    with pytest.raises(UserError, match="was moved or deleted"), _open(tmp_path / "run") as run:
        run.restore_latest(Lost())
        (tmp_path / "run").rename(tmp_path / "moved")
        if replaced:
            (tmp_path / "run").mkdir()
        run.save(Lost())
    assert (tmp_path / "run").exists() == replaced
    assert list((tmp_path / "run").glob("*")) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"[" * 100_000, "nested too deep"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "should be an object"),
        (b'{"config": []}', "`config` should be an object"),
        (b'{"config": {}, "data": {}, "versions": {"python": 3}}', "`versions.python` should be"),
        (b'{"config": {"name": "a", "growth": 3}, "data": {}, "versions": {}}', "`growth` should"),
    ],
)
def test_a_damaged_config_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "config.json").write_bytes(text)
    with pytest.raises(UserError, match=sentence):
        read_config(tmp_path)


def test_a_damaged_history_is_one_sentence(tmp_path):
    (tmp_path / "history.jsonl").write_text('{"kimg": 3}\n')
    with pytest.raises(UserError, match="history.jsonl, line 1: `nimg` is missing"):
        read_history(tmp_path)
