"""Clips as files: what is written is what the records hold."""

import av
import numpy as np
import pytest
from PIL import Image

from dataset.extract import FORMATS, extract
from dataset.readers import frames
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions
from dataset.records import Records
from support.errors import UserError
from tests.dataset.conftest import LADDER


def read(path):
    """Whatever was written, as uint8 [T, H, W, 3]."""
    if path.is_dir():
        return np.stack([np.asarray(Image.open(file)) for file in sorted(path.iterdir())])
    if path.suffix == ".npy":
        return np.load(path)
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.parametrize("kind", FORMATS)
def test_clips_lie_below_their_labels(shapes, tmp_path, kind):
    records, seen = Records(shapes), []
    rung = LADDER[-1]
    extract(records, rung, [2, 7], tmp_path / "new", kind, 25, lambda: seen.append(1))
    clips = records.clips(rung, [2, 7])
    paths = sorted(tmp_path.glob("new/*/*"), key=lambda path: path.stem)
    assert [path.stem for path in paths] == ["000002", "000007"]
    assert {path.parent.name for path in paths} <= set(records.label_names)
    for path, clip in zip(paths, clips, strict=True):
        error = np.abs(read(path).astype(int) - clip).mean()
        assert error <= {"mp4": 12, "gif": 6}.get(kind, 0)  # Tiny shapes of strong colours.
    assert len(seen) == 2


def test_frames_can_be_read_back(shapes, tmp_path):
    records = Records(shapes)
    extract(records, LADDER[-1], range(10), tmp_path / "new", "frames", 25)
    sources = frames.list_sources(Files.below(tmp_path / "new"), ReaderOptions(labels="folders"))
    assert {source.label for source in sources} == set(records.label_names)
    clips = sorted(np.stack(list(source.frames())).tobytes() for source in sources)
    assert clips == sorted(clip.tobytes() for clip in records.clips(LADDER[-1], range(10)))


def test_errors(shapes, tmp_path):
    records = Records(shapes)
    (tmp_path / "old").mkdir()
    (tmp_path / "old/file").touch()
    with pytest.raises(UserError, match="exists already and is"):
        extract(records, LADDER[-1], [0], tmp_path / "old", "npy", 25)
    records.metadata["labels"][3]["name"] = "../../home"
    with pytest.raises(UserError, match="label should be the name of a folder. Received: ../../ho"):
        extract(records, LADDER[-1], [0], tmp_path / "new", "npy", 25)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
