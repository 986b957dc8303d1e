import json

import pytest
import tensorflow as tf

from support.errors import UserError
from tests.training.toys import tiny_config, trainer_for
from training.run_folder import RunFolder

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
    with pytest.raises(UserError, match="--run should be the folder of a run"):
        _open(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "config.json").write_text('{"compilerOptions": {}}')
    with pytest.raises(UserError, match="a config.json of something else"):
        _open(tmp_path)


def test_other_clips_are_refused(tmp_path):
    _open(tmp_path / "run").__exit__()
    other = {"folder": "datasets/other", "sha256": "1" * 64}
    with pytest.raises(UserError, match="--data should be datasets/tiny"):
        RunFolder(tmp_path / "run", tiny_config(), other)


def test_another_config_is_refused_with_the_difference(tmp_path):
    _open(tmp_path / "run").__exit__()
    with pytest.raises(UserError, match="network.latent_size = 8 there, 16 here"):
        _open(tmp_path / "run", "network.latent_size=16")
    with pytest.raises(UserError, match="loss.kind = swgan there, wgan_gp here"):
        _open(tmp_path / "run", "loss=wgan_gp")


def test_length_and_intervals_may_change(tmp_path):
    _open(tmp_path / "run").__exit__()
    with _open(tmp_path / "run", "train.total_kimg=1", "train.snapshot_ticks=9") as run:
        assert run.config.train.total_kimg == 1


def test_a_run_in_use_is_refused(tmp_path):
    with _open(tmp_path / "run"), pytest.raises(UserError, match="should not be in use"):
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
            run.tell({"nimg": nimg})
        assert len(run.history()) == 3
    with open(tmp_path / "run" / "history.jsonl", "a") as file:
        file.write('{"nimg": 8')  # Killed while writing.
    with _open(tmp_path / "run") as run:
        trainer = trainer_for(tiny_config())
        run.restore_latest(trainer)
        assert trainer.nimg == 48
        assert [line["nimg"] for line in run.history()] == [16, 48]


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
    with _open(tmp_path / "run") as run:
        trainer = trainer_for(tiny_config())
        run.restore_latest(trainer)
        run.save(trainer)

        def full(*_, **__):
            (tmp_path / "run" / "checkpoints" / "ckpt-4_temp").mkdir()
            raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

        monkeypatch.setattr(run._manager, "save", full)
        with pytest.raises(UserError, match="should have room for a checkpoint"):
            run.save(trainer)
        names = {file.name for file in (tmp_path / "run" / "checkpoints").iterdir()}
        assert names == {"checkpoint", "ckpt-0.index", "ckpt-0.data-00000-of-00001"}
