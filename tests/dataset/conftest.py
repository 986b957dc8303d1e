"""Small data sets for the tests."""

from pathlib import Path

import pytest

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from growth.ladder import make_ladder

LADDER = make_ladder("thesis", resolution=16)


@pytest.fixture(scope="session")
def make_shapes():
    """A function that writes moving shapes 8x16x16 as a data set."""

    def make(folder: Path, num_clips: int = 10, shard_clips: int = 5, **more) -> Path:
        options = ReaderOptions(num_clips=num_clips, num_frames=8, resolution=16)
        sources = list_sources(Path(), "synthetic", options)
        about = {"tool_version": "0", "arguments": {}}
        create_dataset(
            folder, sources, LADDER, ClipRules(8), shard_clips=shard_clips, about=about, **more
        )
        return folder

    return make


@pytest.fixture(scope="session")
def shapes(make_shapes, tmp_path_factory) -> Path:
    """A data set of ten clips in two shards, not to be changed."""
    return make_shapes(tmp_path_factory.mktemp("data") / "shapes")
