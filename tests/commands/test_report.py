"""generate.py report, with a run that is not trained."""

import av
import pytest

from models.registry import model_class
from sampling.snapshot import save_snapshot
from support.errors import UserError
from tests.commands.calls import call
from tests.training.toys import tiny_config, write_config


@pytest.fixture
def run(tmp_path):
    config = tiny_config()
    (tmp_path / "run").mkdir()
    write_config(tmp_path / "run", config)
    save_snapshot(tmp_path / "run", model_class(config).generator(config), 8)
    return tmp_path / "run"


def test_an_interpolation_is_made_once(run, capsys):
    call("report", f"--run={run}", "--pairs=2")
    clip = run / "samples/interpolation-000000008.mp4"
    with av.open(str(clip)) as container:
        frames = len(list(container.decode(video=0)))
    assert frames >= 64
    page = (run / "report/index.html").read_text()
    assert "-interpolation-000000008.mp4" in page
    assert "The data set is not at an unknown place" in page
    assert capsys.readouterr().out.endswith(f"{run}/report/index.html\n")
    before = clip.stat().st_mtime_ns
    call("report", f"--run={run}")
    assert clip.stat().st_mtime_ns == before


def test_several_runs_are_one_page(run, tmp_path):
    call("report", "--run", run, run, "--pairs=0")
    assert not (run / "samples").exists()
    assert 'id="comparison"' in (run / "comparison/index.html").read_text()
    call("report", f"--run={run}", f"--run={run}", "--pairs=0", f"--output={tmp_path}/page")
    assert 'id="comparison"' in (tmp_path / "page/index.html").read_text()


def test_a_folder_without_a_run_is_an_error(run, tmp_path):
    with pytest.raises(UserError, match="without config.json"):
        call("report", f"--run={run}", f"--run={tmp_path}")
    assert not (run / "report").exists()
