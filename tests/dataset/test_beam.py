"""Data sets by Apache Beam: the same files as by threads, also after workers are killed."""

import importlib.util
import json
import shutil

import numpy as np
import pytest

from dataset.beam import Beam
from dataset.faces.create import create_face_clips
from dataset.faces.rules import FaceRules
from dataset.readers.source_list import SourceList
from support.errors import UserError
from support.files import clear_partial
from tests.abandoned import abandoned
from tests.dataset import on_beam
from tests.dataset.faces.scenes import texture
from tests.dataset.on_beam import KILLER, PROCESSES, KilledOnce, distribution
from tests.dataset.sources import HELD_OUT, MIXED, content, make
from tests.dataset.videos import write_video

needs_beam = pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is None, reason="requirements-beam.txt not installed"
)


def test_without_beam_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="Cannot use `runner`: Apache Beam is not installed. Inst"):
        Beam("DirectRunner")


def test_other_sources_in_a_worker_are_refused():
    sources = SourceList(on_beam.mixed)
    assert sources.find(1, MIXED[1].name) is MIXED[1]
    for index in (2, len(MIXED)):
        with pytest.raises(UserError, match="`source` should have the same files for all workers"):
            sources.find(index, "b")


def test_partial_files_of_any_machine_are_deleted(tmp_path):
    (tmp_path / "train").mkdir()
    name = abandoned("00000.tfrecord").split("-", 2)
    (tmp_path / "train" / f"{name[0]}-ffffffff-{name[2]}").touch()
    (tmp_path / "train/.partial-mine").touch()
    clear_partial(tmp_path)
    assert [path.name for path in tmp_path.rglob(".*")] == [".partial-mine"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Data sets by threads, without and with held-out videos, and up to a number of clips."""
    folder = tmp_path_factory.mktemp("whole")
    make(folder / "held", MIXED, held_out=HELD_OUT)
    make(folder / "some", MIXED, max_clips=7)
    return folder


@needs_beam
def test_a_killed_worker(whole, tmp_path, capfd):
    """It ends the work; then either way finishes the data sets, and what was done stays."""
    by_beam = distribution(KilledOnce(tmp_path / "killed"), *PROCESSES, at_once=len(MIXED))
    more = {"held_out": HELD_OUT}
    with pytest.raises(UserError, match="Cannot finish with DirectRunner: a worker was lost"):
        make(tmp_path / "new", MIXED, distribution=by_beam, **more)
    work = tmp_path / "new.unfinished"
    assert "exited with return code" in next(work.glob("beam/*/log.txt")).read_text()
    lines = [json.loads(path.read_text()) for path in work.glob("beam/*/results/[0-9]*.json")]
    assert KILLER not in {line["name"] for line in lines}
    assert lines
    shutil.copytree(work, tmp_path / "threads.unfinished")
    capfd.readouterr()
    rejected = make(tmp_path / "new", MIXED, distribution=by_beam, **more)
    assert f"Counted by DirectRunner: {len(MIXED) - len(lines)} sources," in capfd.readouterr().err
    assert rejected.keys() == {"b", "e"}
    assert make(tmp_path / "threads", MIXED, **more) == rejected
    for way in ("new", "threads"):
        assert not (tmp_path / f"{way}.unfinished").exists()
        for end in ("", "-val"):
            assert content(tmp_path / f"{way}{end}") == content(whole / f"held{end}")


@needs_beam
def test_rounds_up_to_a_number_of_clips(whole, tmp_path):
    by_beam = distribution(on_beam.mixed, at_once=2)
    rejected = make(tmp_path / "new", MIXED, max_clips=7, distribution=by_beam)
    assert content(tmp_path / "new") == content(whole / "some")
    lines = (tmp_path / "new/rejected.txt").read_text().splitlines()
    assert lines == [f"{name}\t{why}" for name, why in rejected.items()]


@needs_beam
def test_an_error_of_a_source_ends_the_work_with_its_sentence(tmp_path):
    sources = on_beam.wrong()
    with pytest.raises(UserError, match="^x should be right. Received: wrong$"):
        make(tmp_path / "x/new", sources, distribution=distribution(on_beam.wrong))
    assert list((tmp_path / "x").iterdir()) == []


@needs_beam
def test_a_defect_ends_the_work_and_is_in_the_log(tmp_path):
    with (
        pytest.raises(UserError, match="Cannot finish with NoRunner: the pipeline failed") as error,
        Beam("NoRunner").results(np.abs, {"0": 1}, tmp_path / "new", "numbers"),
    ):
        pass
    assert str(tmp_path / "new/log.txt") in str(error.value)
    assert "NoRunner" in (tmp_path / "new/log.txt").read_text()


@needs_beam
def test_an_item_that_is_tried_again_is_not_done_again(tmp_path, monkeypatch):
    from dataset import beam

    counted = []
    monkeypatch.setattr(beam, "_count", counted.append)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/0.json").write_text('{"clips": 3, "rejected": "why"}')
    beam._do(b"no pickle", tmp_path, "sources", ("0", None))
    assert counted == [{"sources": 1, "clips": 3, "rejected": 1}]


@needs_beam
def test_face_clips(tmp_path):
    for name in ("a.mp4", "b/c.avi"):
        write_video(tmp_path / "films" / name, [texture(0)] * 8, rate=10)
    (tmp_path / "films/e.mp4").write_text("no film")
    rules = FaceRules(size=32, min_frames=5)
    whole = create_face_clips(tmp_path / "films", tmp_path / "whole", rules)
    beam = Beam("DirectRunner")
    assert create_face_clips(tmp_path / "films", tmp_path / "new", rules, beam=beam) == whole
    assert content(tmp_path / "new") == content(tmp_path / "whole")
