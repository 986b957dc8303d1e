"""The page as a file, and what its sections say."""

import json
import os

import av
import numpy as np
import pytest
from PIL import Image

from run_folder.report import faults, growth, samples, settings, state
from run_folder.report.charts import make_charts
from run_folder.report.clips import Clips
from run_folder.report.page import write_report
from run_folder.report.run import read_run
from support.errors import UserError
from support.media import write_clip
from tests.run_folder.report.runs import COMMAND, DATA_SET, add_neighbours, make_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that is not changed."""
    return make_run(tmp_path_factory.mktemp("runs") / "shapes", "train.seed=7")


@pytest.fixture
def clips(tmp_path):
    return Clips(tmp_path / "clips")


def test_the_page_has_all_that_the_run_has(folder, tmp_path):
    add_neighbours(folder)
    page = write_report([read_run(folder, DATA_SET)], tmp_path / "page").read_text()
    for text in (
        "demo: progressive, loss swgan",
        "kimg 28 of 28, 8x32x32 stable",
        "reals, 8x32x32",
        "4.25, 0.93 times",
        "<th>train.seed</th><td>7</td><td>0</td>",
        "datasets/&lt;shapes&gt;",
        "12.3 MB",
        "broken.mp4: should be whole",
        "Warning: &lt;few&gt; clips.",
        "3 skipped steps, 0 rollbacks, 1 resume (at kimg 11.5)",
        f"python {COMMAND}",
        "c" * 40,
    ):
        assert text in page, text
    with Image.open(next((tmp_path / "page/clips").glob("*-memorisation-28000.webp"))) as picture:
        assert picture.size == (700, 40)


def test_a_run_that_has_just_begun_has_a_page(tmp_path):
    run = make_run(tmp_path / "run", ticks=())
    for path in run.iterdir():
        if path.suffix in (".jsonl", ".txt") or path.name == "status.json":
            path.unlink()
    (run / "snapshots/gs-000028000.json").write_text("{")
    page = write_report([read_run(run)], tmp_path / "page").read_text()
    assert "There is no tick yet." in page
    assert "The data set is not at" in page
    assert "Newest samples" not in page
    assert "Model card" not in page


def test_a_folder_of_something_else_stays(folder, tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UserError, match="it holds something else"):
        write_report([read_run(folder)], tmp_path)
    assert (tmp_path / "index.html").read_text() == "mine"


def test_copies_are_made_once_and_deleted_when_they_are_no_longer_shown(tmp_path):
    run, page = make_run(tmp_path / "run"), tmp_path / "page"
    write_report([read_run(run)], page)
    copies = {path.name: path.stat().st_mtime_ns for path in (page / "clips").iterdir()}
    assert len(copies) == 4
    first, second, _ = sorted((run / "samples").glob("fakes-*.mp4"))
    first.unlink()
    write_clip(second, np.zeros((8, 66, 66, 3), np.uint8))  # Training resumed before it.
    (page / "clips/mine.mp4").touch()
    write_report([read_run(run)], page)
    again = {path.name: path.stat().st_mtime_ns for path in (page / "clips").iterdir()}
    assert {name[9:] for name in copies.keys() - again.keys()} == {first.name}
    changed = {name[9:] for name in again.keys() & copies.keys() if again[name] != copies[name]}
    assert changed == {second.name}
    assert "mine.mp4" in again


def test_clips_after_the_last_tick_are_left_out(tmp_path, clips):
    run = make_run(tmp_path / "run")
    lines = (run / "history.jsonl").read_text().splitlines(keepends=True)
    (run / "history.jsonl").write_text("".join(lines[:20]))  # Resumed from a checkpoint.
    assert [moment["text"][:7] for moment in growth.describe(read_run(run), clips)["moments"]] == [
        "kimg 4,",
        "kimg 16",
    ]
    assert "kimg 16," in samples.describe(read_run(run), clips)["fakes"]["text"]


def test_clips_of_a_page_are_small(folder, tmp_path):
    large, copies = tmp_path / "large.mp4", Clips(tmp_path / "clips")
    noise = np.random.default_rng(0).integers(0, 256, (4, 700, 1030, 3), np.uint8)
    write_clip(large, noise, 12.5)
    copy = tmp_path / copies.add(large)
    with av.open(str(copy)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (512, 348, 12.5)
        assert len(list(container.decode(stream))) == 4
    assert copy.stat().st_size < large.stat().st_size / 4


def test_a_damaged_clip_is_named(tmp_path, clips):
    run = make_run(tmp_path / "run")
    (run / "samples/fakes-000028000.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="fakes-000028000.mp4 should be a whole video"):
        growth.describe(read_run(run), clips)


def test_a_page_is_written_where_the_first_one_failed(tmp_path):
    run = make_run(tmp_path / "run")
    newest = run / "samples/fakes-000028000.mp4"
    whole = newest.read_bytes()
    newest.write_bytes(b"no video")
    with pytest.raises(UserError, match="should be a whole video"):
        write_report([read_run(run)], tmp_path / "page")
    newest.write_bytes(whole)
    assert write_report([read_run(run)], tmp_path / "page").is_file()


@pytest.mark.parametrize("count", [1, 23, 24, 25, 47, 48, 200, 1001])
def test_moments_are_evenly_chosen_and_hardly_change(tmp_path, count):
    paths = [tmp_path / str(i) for i in range(count)]
    chosen = growth.choose(paths, 24)
    assert min(count, 12) <= len(chosen) <= 24
    assert (chosen[0], chosen[-1]) == (paths[0], paths[-1])
    assert len(set(chosen)) == len(chosen)
    later = growth.choose([*paths, tmp_path / "new"], 24)
    assert set(later) - {tmp_path / "new"} <= set(chosen)


def test_a_silent_process_is_reported(tmp_path, clips):
    about = {"kimg": 12.0, "rung": "8x8x8", "fading": True, "seconds_left": 7300}
    run = make_run(tmp_path / "a", state="training", time="2026-01-01T00:00:00+00:00", **about)
    found = state.describe(read_run(run), clips)
    assert found["silence"].endswith("h")
    assert (found["left"], found["phase"]) == ("2h 01m", "8x8x8 fading in")
    alive = state.describe(read_run(make_run(tmp_path / "b", state="training")), clips)
    assert alive["silence"] == ""
    assert state.describe(read_run(make_run(tmp_path / "c")), clips)["left"] == ""


def test_failures_and_skipped_steps_are_faults(tmp_path, clips):
    run = make_run(tmp_path / "run", state="failed", sentence="Training diverged")
    found = faults.describe(read_run(run), clips)
    assert found["failure"] == "Training diverged"
    assert found["skipped"] == [{"kimg": 9.0, "steps": 3}]
    assert found["remarks"] == ["T2 Warning: <few> clips.", "T3 Note: it rises."]


def test_settings_that_differ_from_the_preset(tmp_path, clips):
    run = make_run(tmp_path / "run", "train.total_kimg=30", "loss=wgan_gp")
    found = settings.describe(read_run(run), clips)
    changed = {row["key"]: (row["value"], row["preset"]) for row in found["changed"]}
    assert changed["train.total_kimg"] == ("30", "50")
    assert changed["loss"] == ("wgan_gp", "swgan")
    assert changed["loss.drift_weight"] == ("0.001", "none")
    assert "train.seed" not in changed
    assert json.loads(found["json"])["train"]["total_kimg"] == 30


def test_charts_of_several_runs_and_of_the_paper(folder, tmp_path):
    other = make_run(tmp_path / "other", "train.total_kimg=30")
    runs = [read_run(folder), read_run(other)]
    references = {"demo": {"inception_score": {"VGAN": 8.18}}}
    charts = {chart["title"]: chart for chart in make_charts(runs, ["a", "b"], references)}
    lines = {trace["name"]: trace for trace in charts["inception score"]["traces"]}
    assert list(lines) == ["a", "a, reals", "b", "b, reals", "VGAN (paper)"]
    assert (lines["a"]["x"], lines["a"]["y"]) == ([10, 20], [3.5, 4.5])
    assert lines["VGAN (paper)"]["y"] == [8.18, 8.18]
    ratio = charts["distance over its floor"]["traces"][0]
    assert ratio["y"][0] == pytest.approx(300 / 4 / 9)
    assert ratio["text"][0] == "4x4x4"
    page = write_report(runs, tmp_path / "page", references).read_text()
    row = page[page.index("<tr><th>train.total_kimg</th>") :]
    assert row.startswith("<tr><th>train.total_kimg</th><td>28</td><td>30</td></tr>")
    comparison = page[page.index('id="comparison"') : page.index('id="state"')]
    assert "train.beta_2" not in comparison


def test_values_that_are_not_finite_are_left_out_of_curves(tmp_path):
    run = make_run(tmp_path / "run")
    text = (run / "history.jsonl").read_text().split("\n", 1)
    line = json.loads(text[0]) | {"critic": float("nan")}
    (run / "history.jsonl").write_text(f"{json.dumps(line)}\n{text[1]}")
    charts = make_charts([read_run(run)], ["a"], {})
    (critic,) = (chart for chart in charts if chart["title"] == "critic")
    assert critic["traces"][0]["x"][0] == 2.0
    json.dumps(charts, allow_nan=False)


def test_runs_whose_folders_share_a_name_are_called_by_their_paths(tmp_path):
    runs = [make_run(tmp_path / name / "run") for name in ("a", "b")]
    page = write_report(list(map(read_run, runs)), tmp_path / "page").read_text()
    assert f"<h1>{tmp_path}/a/run, {tmp_path}/b/run</h1>" in page
    assert len(os.listdir(tmp_path / "page/clips")) == 8
