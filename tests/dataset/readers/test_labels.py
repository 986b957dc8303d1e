"""Labels of dataset.json, found whatever folders are left out."""

import json

import pytest

from dataset.readers import list_sources
from dataset.readers.labels import find_label, parse_labels
from dataset.readers.source import ReaderOptions
from support.errors import UserError
from tests.dataset.videos import picture, write_image


def parse(labels):
    return parse_labels(json.dumps({"labels": labels}).encode(), "dataset.json")


@pytest.mark.parametrize(
    "labels", [[["clip/0.png", 3], ["clip/1.png", 3]], {"clip/0.png": 3}, {"clip": 3}]
)
@pytest.mark.parametrize("name", ["clip", "root/clip", "a/root/clip"])
def test_a_clip_is_found_by_its_frames_or_its_name(labels, name):
    assert find_label(parse(labels), name) == "3"


def test_the_longest_name_counts():
    labels = parse({"a/clip": 1, "b/clip": 2, "clip": 3})
    assert [find_label(labels, name) for name in ("a/clip", "b/clip", "c/clip")] == ["1", "2", "3"]


@pytest.mark.parametrize("text", [b"{}", b'{"labels": null}', b"[1]", b'{"labels": []}'])
def test_no_labels(text):
    assert parse_labels(text, "dataset.json") == {}
    assert find_label({}, "clip") is None


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff", b"{", b'{"labels": 3}', b'{"labels": [[1, 2]]}', b'{"labels": {"a": 1.5}}']
    + [b"[" * 100_000],
)
def test_other_json_is_refused(text):
    with pytest.raises(UserError, match="Cannot read dataset.json: "):
        parse_labels(text, "dataset.json")


def test_a_source_without_label_is_refused():
    with pytest.raises(UserError, match="should label every source. Received: no label for other"):
        find_label(parse({"clip": 3}), "other")


def test_a_folder_with_dataset_json(tmp_path):
    for clip in "ab":
        write_image(tmp_path / clip / "0.png", picture(0))
    (tmp_path / "dataset.json").write_text('{"labels": {"a": 1, "b": 0}}')
    assert [s.label for s in list_sources(tmp_path, "auto", ReaderOptions())] == ["1", "0"]


def test_folders_come_before_dataset_json(tmp_path):
    write_image(tmp_path / "run/a/0.png", picture(0))
    (tmp_path / "dataset.json").write_text('{"labels": {"a": 1}}')
    (source,) = list_sources(tmp_path, "auto", ReaderOptions(labels="folders"))
    assert source.label == "run"
