"""Folders of frames, in natural order."""

import numpy as np
import pytest

from dataset.readers import frames
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, RejectedSource
from tests.dataset.videos import picture, write_image


def test_leaf_folders_are_sources(tmp_path):
    for clip in ("run/b", "run/a", "walk/c"):
        for i in range(12):
            write_image(tmp_path / clip / f"frame{i}.png", picture(i))
    sources = frames.list_sources(Files.below(tmp_path), ReaderOptions(labels="folders"))
    assert [(s.name, s.label) for s in sources] == [
        ("run/a", "run"),
        ("run/b", "run"),
        ("walk/c", "walk"),
    ]
    assert [frame[0, 0, 0] for frame in sources[0].frames()] == list(range(12))


def test_a_folder_of_frames_is_one_source(tmp_path):
    write_image(tmp_path / "clip" / "0.png", picture(7))
    (source,) = frames.list_sources(Files.below(tmp_path / "clip"), ReaderOptions())
    assert source.name == "clip"
    np.testing.assert_array_equal(next(source.frames()), picture(7))


def test_images_further_down_are_clips_of_their_own(tmp_path):
    for name in ("a/0.png", "a/b/0.png", "a/b/1.png"):
        write_image(tmp_path / name, picture(0))
    sources = frames.list_sources(Files.below(tmp_path), ReaderOptions())
    assert [(s.name, len(list(s.frames()))) for s in sources] == [("a", 1), ("a/b", 2)]


def test_three_levels_of_folders(tmp_path):
    for name in ("run/anna/1", "run/bea/1", "run/bea/2"):
        write_image(tmp_path / name / "0.jpg", picture(0))
    sources = frames.list_sources(Files.below(tmp_path), ReaderOptions(labels="folders"))
    assert [(s.name, s.label) for s in sources] == [
        ("run/anna/1", "run/anna"),
        ("run/bea/1", "run/bea"),
        ("run/bea/2", "run/bea"),
    ]


def test_a_damaged_frame_is_named(tmp_path):
    (tmp_path / "0.png").write_bytes(b"no image")
    (source,) = frames.list_sources(Files.below(tmp_path), ReaderOptions())
    with pytest.raises(RejectedSource, match="^0.png should be a whole image"):
        list(source.frames())
