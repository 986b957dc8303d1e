"""Grids: tiles row by row."""

import numpy as np
import pytest

from dataset.readers import grid, list_sources, videos
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions
from support.errors import UserError
from tests.dataset.videos import picture, write_video


@pytest.fixture
def video(tmp_path):
    """2 rows of 3 tiles of 16 pixels; tile i has the grey level 40 i."""
    rows = [
        np.concatenate([picture(40 * (3 * r + c), 16, 16) for c in range(3)], 1) for r in (0, 1)
    ]
    return write_video(tmp_path / "g.avi", [np.concatenate(rows)] * 4)


def test_tiles_are_sources_row_by_row(video):
    sources = list_sources(video, "auto", ReaderOptions(tile=16))
    assert [source.name for source in sources] == [f"g.avi#{i}" for i in range(6)]
    for i, source in enumerate(sources):
        frames = list(source.frames())
        assert len(frames) == 4
        assert frames[0].shape == (16, 16, 3)
        assert np.median(frames[0]) == pytest.approx(40 * i, abs=6)


def test_tiles_are_of_one_video(video):
    sources = list_sources(video, "auto", ReaderOptions(tile=16))
    assert {source.video for source in sources} == {"g.avi"}


FOUR_FRAMES = 4 * 32 * 48 * 3


@pytest.mark.parametrize(("most", "times"), [(FOUR_FRAMES, 1), (FOUR_FRAMES - 1, 7)])
def test_a_short_video_is_decoded_once_and_a_long_one_is_not_kept(video, monkeypatch, most, times):
    begun, decode = [], videos.decode
    monkeypatch.setattr(grid, "MAX_KEPT", most)
    monkeypatch.setattr(videos, "decode", lambda *of: begun.append(1) or decode(*of))
    sources = grid.list_sources(Files.below(video), ReaderOptions(tile=16))
    begun.clear()  # It was looked at for its size.
    assert [len(list(source.frames())) for source in sources] == [4] * 6
    assert len(begun) == times


@pytest.mark.parametrize("tile", [None, 10, 64])
def test_a_tile_has_to_divide_the_picture(video, tile):
    with pytest.raises(UserError, match="`tile` should .* Received: "):
        grid.list_sources(Files.below(video), ReaderOptions(tile=tile))


def test_a_folder_is_no_grid(tmp_path):
    with pytest.raises(UserError, match="should be a whole video"):
        grid.list_sources(Files.below(tmp_path), ReaderOptions(tile=16))


def test_real_faces(real_clips):
    video = real_clips / "faces/trailerfaces_grid_7x4.avi"
    sources = list_sources(video, "auto", ReaderOptions(tile=256))
    assert len(sources) == 28
    frames = list(sources[-1].frames())
    assert [frame.shape for frame in frames] == [(256, 256, 3)] * 32
