"""The page of a run while it trains."""

import types

import pytest

from commands.train import watchers_of
from run_folder.folder import RunFolder
from sampling.snapshot import snapshot_path
from tests.training.toys import Reals, tick, tiny_config
from training.report import Report

DATA = {"folder": "datasets/tiny", "sha256": "0" * 64}


@pytest.fixture
def run(tmp_path, shapes):
    data = DATA | {"folder": str(shapes)}
    with RunFolder(tmp_path / "run", tiny_config(), data) as run:
        run.append_history(tick(8) | {"lod": 2.0, "critic": 1.0})
        yield run


def at(nimg):
    return types.SimpleNamespace(nimg=nimg)


def test_it_is_written_at_a_snapshot_and_at_the_end(run):
    report, page = Report(run), run.path / "report/index.html"
    report.after(at(8), call=None)
    assert not page.exists()
    path = snapshot_path(run.path, 8)
    path.parent.mkdir()
    path.touch()
    report.after(at(8), call=None)
    assert '<b class="state starting">' in page.read_text()
    assert "Clips by label" in page.read_text()
    report.after(at(16), call=None)
    run.end("finished", "Finished.")
    report.end(at(16), interrupt=None)
    assert '<b class="state finished">' in page.read_text()


def test_a_page_that_cannot_be_written_ends_no_training(run, capsys):
    (run.path / "report").mkdir()
    (run.path / "report/thesis.txt").touch()
    Report(run).end(at(8), interrupt=None)
    assert "Warning: the report was not written. Cannot write a report" in capsys.readouterr().out


@pytest.mark.parametrize("value", [True, False])
def test_a_setting_switches_it_off(tmp_path, value):
    config = tiny_config(f"train.report={value}")
    with RunFolder(tmp_path / "run", config, DATA) as run:
        watchers = watchers_of(run, config, Reals(config.ladder), profile=0)
    assert [type(watcher) is Report for watcher in watchers][-1] is value
