"""Frame rates of sources, and of the data set that is made of them."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from dataset.advice import advise
from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.rates import common_rate, do_differ, rate_key, warn_of_rates
from dataset.readers import list_sources
from dataset.readers.source import Frames, ReaderOptions
from dataset.records import Records
from support.media import write_clip
from tests.dataset.conftest import LADDER
from tests.dataset.videos import noisy, write_image, write_video

CLIP = np.stack(noisy(24, 16, 16))


def rates_of(path, **options):
    for source in list_sources(path, "auto", ReaderOptions(**options)):
        stream = Frames(source.frames())
        assert len(list(stream)) > 0
        yield stream.rate


def make(folder, source, stride=1, **options):
    rules = ClipRules(8, "first", frame_stride=stride)
    sources = list_sources(source, "auto", ReaderOptions(**options))
    create_dataset(folder, sources, LADDER, rules, about={})
    return Records(folder), rules


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.apng", "a.gif", "a.avi", "a.mkv"])
def test_readers_return_the_rate_of_a_video(tmp_path, name):
    if name in ("a.avi", "a.mkv"):
        write_video(tmp_path / name, list(CLIP), rate=10)
    else:
        write_clip(tmp_path / name, CLIP, fps=10)
    assert list(rates_of(tmp_path)) == [pytest.approx(10, rel=1e-3)]
    assert list(rates_of(tmp_path, fps=5)) == [5]


def test_the_rate_passes_through_grids_and_archives(tmp_path):
    path = write_video(tmp_path / "in/a.mp4", list(CLIP), rate=12)
    assert list(rates_of(path, tile=8)) == [pytest.approx(12)] * 4
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "a.mp4")
    assert list(rates_of(tmp_path / "a.zip")) == [pytest.approx(12)]


def test_pictures_have_no_rate(tmp_path):
    for i in range(8):
        write_image(tmp_path / f"in/{i}.png", CLIP[i])
    assert list(rates_of(tmp_path / "in")) == [None]
    records, _ = make(tmp_path / "new", tmp_path / "in")
    assert records.fps is None
    assert records.metadata["source_rates"] == {}


def test_the_rate_of_a_data_set_counts_every_nth_frame(tmp_path):
    write_video(tmp_path / "in/a.mp4", list(CLIP), rate=30)
    assert make(tmp_path / "one", tmp_path / "in")[0].fps == 30
    assert make(tmp_path / "two", tmp_path / "in", stride=2)[0].fps == 15
    assert make(tmp_path / "slow", tmp_path / "in", fps=20, stride=2)[0].fps == 10


def test_rates_that_differ_are_warned_of_unless_one_is_given(tmp_path):
    for name, rate in (("a", 10), ("b", 25), ("c", 25)):
        write_video(tmp_path / f"in/{name}.mp4", list(CLIP), rate=rate)
    records, rules = make(tmp_path / "new", tmp_path / "in")
    assert records.fps is None
    (warning,) = [s for s in advise(records, rules) if "per second" in s]
    assert warning.startswith(
        "Warning: the sources have 10 to 25 frames per second (2 at 25, 1 at 10), "
    )
    records, rules = make(tmp_path / "given", tmp_path / "in", fps=10)
    assert records.fps == 10
    assert not [s for s in advise(records, rules) if "per second" in s]


def test_rates_that_are_rounded_otherwise_agree():
    assert rate_key(30000 / 1001) == "29.97"
    assert common_rate({"29.97": 3, "30": 1}) == 29.97
    assert not do_differ({"29.97": 3, "30": 1})
    assert do_differ({"24": 1, "25": 1})
    assert common_rate({"24": 1, "25": 1}) is None
    assert common_rate({}) is None
    assert "24 to 25 frames per second (1 at 24, 1 at 25)" in warn_of_rates({"24": 1, "25": 1})


def test_data_sets_without_a_rate_are_read(tmp_path, shapes):
    records = Records(shapes)
    assert records.fps is None
    metadata = {k: v for k, v in records.metadata.items() if k not in ("fps", "source_rates")}
    shutil.copytree(shapes, tmp_path / "old")
    (tmp_path / "old/metadata.json").write_text(json.dumps(metadata))
    assert Records(tmp_path / "old").fps is None
