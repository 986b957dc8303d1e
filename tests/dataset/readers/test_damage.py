"""Whatever the bytes of a file, it is read, or rejected in one sentence."""

import json
import re
import zipfile

import h5py
import numpy as np
import pytest

from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from dataset.readers.videos import MAX_FRAME_SECONDS
from support.errors import UserError
from tests.dataset.readers.media import encode
from tests.dataset.readers.test_trailerfaces import example
from tests.dataset.readers.test_trailerfaces import write as write_records
from tests.dataset.readers.test_videos import write_gif
from tests.dataset.videos import noisy, write_image

ROUNDS = 20
TIMED = ("mp4", "avi", "mkv", "webm", "gif")
CLIP = np.stack(noisy(8, 16, 16))


def write_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, frame in enumerate(CLIP):
            archive.writestr(f"a/{i}.png", write_image(path.with_name("x.png"), frame).read_bytes())
        archive.writestr("dataset.json", json.dumps({"labels": {"a": 1}}))
    path.with_name("x.png").unlink()


def write_hdf5(path):
    with h5py.File(path, "w") as file:
        clips = np.moveaxis(CLIP[None], -1, 2)
        file.create_dataset("data", data=clips, chunks=(1, 2, 3, 16, 16), compression="gzip")


WRITERS = {
    "a.mp4": lambda path: encode(path, CLIP, "libx264", sound=1),
    "a.avi": lambda path: encode(path, CLIP),
    "a.mkv": lambda path: encode(path, CLIP),
    "a.webm": lambda path: encode(path, CLIP, "libvpx"),
    "a.gif": lambda path: write_gif(path, CLIP, 40),
    "a.zip": write_zip,
    "a.h5": write_hdf5,
    "a.npy": lambda path: np.save(path, CLIP),
    "a-r04.tfrecords": lambda p: write_records(p, [example(np.moveaxis(CLIP, -1, 1))] * 2),
    "a.png": lambda path: write_image(path, np.concatenate(CLIP)),
    "a.tif": lambda path: write_image(path, np.concatenate(CLIP), "tiff"),
}


def damage(data, random):
    """Some bytes are others, and sometimes the end or the middle is not there."""
    data = bytearray(data)
    head = random.random() < 0.5  # Where all is said that decides the rest.
    for place in random.integers(0, min(len(data), 300) if head else len(data), 4):
        data[place] = random.integers(256)
    if random.random() < 0.3:
        begin, end = sorted(random.integers(0, len(data), 2))
        del data[begin : end if random.random() < 0.5 else None]
    return bytes(data)


def outcome(path, options):
    """The number of frames, or what is said."""
    try:
        sources = list_sources(path, "auto", options)
        return sum(1 for source in sources for _ in source.frames())
    except UserError as error:
        return str(error)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of TIFF.
@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("fps", [None, 25])
def test_a_damaged_file_is_read_or_rejected(tmp_path, name, fps):
    WRITERS[name](tmp_path / name)
    data, random = (tmp_path / name).read_bytes(), np.random.default_rng(0)
    options = ReaderOptions(fps=fps if name[2:] in TIMED else None)
    assert outcome(tmp_path / name, options) >= len(CLIP)
    for _ in range(ROUNDS):
        (tmp_path / name).write_bytes(damage(data, random))
        found = outcome(tmp_path / name, options)
        if isinstance(found, str):
            assert re.search("should .* Received: |^Cannot read .*: ", found, re.S)
        else:
            assert found <= len(CLIP) * MAX_FRAME_SECONDS * 25
