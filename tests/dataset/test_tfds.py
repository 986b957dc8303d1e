"""TensorFlow Datasets opens what we write; where it is not installed, its files are looked at."""

import json

import numpy as np
import pytest

from dataset.encoding import ENCODINGS, Encoding
from dataset.records import Records
from tests.dataset.conftest import LADDER


def test_the_files_tell_names_shards_and_shape(shapes):
    info = json.loads((shapes / "8x16x16/dataset_info.json").read_text())
    (split,) = info["splits"]
    assert split["filepathTemplate"].format(SHARD_INDEX="00001", FILEFORMAT="tfrecord") in {
        path.name for path in (shapes / "8x16x16").iterdir()
    }
    assert split["shardLengths"] == ["5", "5"]
    features = json.loads((shapes / "8x16x16/features.json").read_text())
    data = features["featuresDict"]["features"]["data"]["tensor"]
    assert data["shape"]["dimensions"] == ["8", "16", "16", "3"]
    assert data["encoding"] == "bytes"


@pytest.mark.parametrize("name", ENCODINGS)
def test_tensorflow_datasets_opens_every_rung(make_shapes, tmp_path, name, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr("dataset.encoding._LEAST", 8)
    records = Records(make_shapes(tmp_path / "data", encoding=Encoding(name, 95)))
    for rung in LADDER:
        builder = tfds.builder_from_directory(tmp_path / "data" / str(rung))
        examples = list(builder.as_dataset(split="train", shuffle_files=False).as_numpy_iterator())
        assert len(examples) == 10
        if records.encoding(rung) == "webp":
            assert examples[0]["data"].shape == (rung.frames,)
            continue
        clips = np.stack([example["data"] for example in examples]).astype(int)
        # It decodes JPEG with a faster transform.
        most = 20 if records.encoding(rung) == "jpeg" else 0
        assert np.abs(clips - records.clips(rung, range(10))).max() <= most
        assert len({int(example["label"]) for example in examples}) == 8
