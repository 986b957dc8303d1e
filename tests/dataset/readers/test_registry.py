"""Which reader takes which layout."""

import numpy as np
import pytest

from dataset.readers import READERS, list_sources
from dataset.readers.source import ReaderOptions
from support.errors import UserError
from tests.dataset.videos import picture, write_image

OPTIONS = ReaderOptions()


def chosen(path, options=OPTIONS):
    return next(name for name, reader in READERS.items() if reader.matches(path, options))


def test_layouts_are_told_apart(tmp_path):
    strip, frame = np.concatenate([picture(0, 8, 8)] * 6), picture(0, 8, 16)
    write_image(tmp_path / "strips/a/0.png", strip)
    write_image(tmp_path / "frames/a/0.png", frame)
    (tmp_path / "videos/a").mkdir(parents=True)
    video = tmp_path / "videos/a/0.MP4"
    video.touch()
    assert chosen(tmp_path / "strips") == chosen(tmp_path / "strips/a/0.png") == "strips"
    assert chosen(tmp_path / "frames") == "frames"
    assert chosen(tmp_path / "videos") == chosen(video) == "videos"
    assert chosen(video, ReaderOptions(tile=8)) == "grid"


@pytest.mark.parametrize("name", ["auto", "videos", "strips", "frames"])
def test_nothing_there_is_said(tmp_path, name):
    with pytest.raises(UserError, match="--source should hold .* Received: .*none found"):
        list_sources(tmp_path, name, OPTIONS)
    with pytest.raises(UserError, match="--source should be a file or a folder. Received: "):
        list_sources(tmp_path / "absent", name, OPTIONS)


def test_labels_need_folders(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(UserError, match="--labels=folders should .* Received: .*a.mp4"):
        list_sources(tmp_path, "videos", ReaderOptions(labels="folders"))
