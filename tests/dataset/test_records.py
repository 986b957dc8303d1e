"""Records: what is written is what is read, and a data set that is not whole is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from dataset.records import Records, decode, encode, open_records
from growth.ladder import make_ladder
from support.errors import UserError
from tests.dataset.conftest import LADDER


@pytest.fixture
def copy(shapes, tmp_path):
    return shutil.copytree(shapes, tmp_path / "copy")


@pytest.mark.parametrize("label", [-1, 0, 300])
def test_encode_and_decode(label):
    clip = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    decoded, decoded_label = decode(encode(clip, label))
    np.testing.assert_array_equal(decoded, clip)
    assert decoded_label == label


def test_random_access_equals_tensorflow_reading_in_order(shapes):
    records = open_records(shapes)
    assert len(records) == 10
    for rung in LADDER:
        files = [str(shapes / shard.file) for shard in records.shards[str(rung)]]
        in_order = list(tf.data.TFRecordDataset(files).as_numpy_iterator())
        assert records.read(rung, range(10)) == in_order
        assert records.read(rung, [7, 2, 7]) == [in_order[i] for i in (7, 2, 7)]
        assert records.clips(rung, [3, 4]).shape == (2, *rung.shape, 3)


def test_metadata(shapes):
    metadata = json.loads((shapes / "metadata.json").read_text())
    assert metadata["ladder"] == "4x4x4 8x8x8 8x16x16"
    assert metadata["clips"] == 10
    assert {label["name"]: label["clips"] for label in metadata["labels"]}["right"] == 2
    assert [shard["records"] for shard in metadata["shards"]["8x8x8"]] == [5, 5]


def test_ladders_within_the_data_set_are_accepted(shapes):
    records = open_records(shapes)
    records.check_ladder(make_ladder("thesis", resolution=8))
    with pytest.raises(UserError, match="made for the ladder 4x4x4 8x8x8 8x16x16 8x32x32. Rec"):
        records.check_ladder(make_ladder("thesis", resolution=32))


def test_a_missing_or_cut_shard_is_named(copy):
    shard = copy / "8x8x8-00001-of-00002.tfrecord"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(UserError, match=f"{shard} should have .* bytes. Received: 100"):
        open_records(copy)
    shard.unlink()
    with pytest.raises(UserError, match="Received: no such file"):
        open_records(copy)


def test_a_count_that_is_not_the_metadatas_is_refused(copy):
    metadata = json.loads((copy / "metadata.json").read_text())
    metadata["shards"]["4x4x4"][0]["records"] = 6
    (copy / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(UserError, match="should hold 6 records. Received: 5"):
        Records(copy).read(LADDER[0], [0])


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "no metadata.json"), ("{", "should be JSON"), ('{"format": 9}', "Received: 9")],
)
def test_what_is_no_data_set_is_refused(tmp_path, text, message):
    if text:
        (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(UserError, match=message):
        open_records(tmp_path)
