import datetime
import json
import os

from run_folder import status as module
from run_folder.status import Status


def test_facts_are_kept_until_they_change(tmp_path):
    status = Status(tmp_path / "status.json")
    status.write("training", nimg=8, rung="4x4x4")
    status.write("saving", nimg=12)
    found = json.loads((tmp_path / "status.json").read_text())
    assert found.items() >= {"state": "saving", "nimg": 12, "rung": "4x4x4"}.items()
    assert found["pid"] == os.getpid()
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(found["time"])
    assert age < datetime.timedelta(minutes=5)
    assert [file.name for file in tmp_path.iterdir()] == ["status.json"]


def test_it_is_due_after_some_seconds(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    status = Status(tmp_path / "status.json")
    assert status.is_due()
    status.write("training")
    assert not status.is_due()
    now[0] += 10
    assert status.is_due()


def test_a_full_disk_does_not_end_training_here(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_json", full)
    Status(tmp_path / "status.json").write("training")
