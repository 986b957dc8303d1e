"""Records: what is written is what is read, and a data set that is not whole is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dataset import storage
from dataset.encoding import EXACT, Encoding
from dataset.examples import decode, encode
from dataset.records import Records, open_records
from dataset.tfrecords import FOOTER, HEADER, scan
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


@pytest.mark.parametrize("label", [-1, 0, 300])
@pytest.mark.parametrize(("name", "side"), [("raw", 1), ("raw", 80), ("jpeg", 32)])
def test_a_record_is_an_example_to_the_byte(label, name, side):
    clip = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), np.uint8)
    encoding, example = Encoding(name), tf.train.Example()
    feature = example.features.feature
    feature["shape"].int64_list.value.extend(clip.shape)
    feature["encoding"].bytes_list.value.append(name.encode())
    feature["data"].bytes_list.value.extend(map(bytes, encoding.encode(clip)))
    feature["label"].int64_list.value.append(label)
    assert encode(clip, label, encoding) == example.SerializeToString(deterministic=True)


SIDES = st.integers(1, 6)
CLIPS = arrays(np.uint8, st.tuples(SIDES, SIDES, SIDES, st.just(3)))


@given(CLIPS, st.integers(-1, 2**40), st.sampled_from(EXACT))
def test_exact_encodings_give_the_clip_back(clip, label, name):
    decoded, decoded_label = decode(encode(clip, label, Encoding(name)))
    assert (decoded.dtype, decoded.shape) == (np.uint8, clip.shape)
    np.testing.assert_array_equal(decoded, clip)
    assert decoded_label == label


@given(st.binary(max_size=200))
def test_other_bytes_are_no_record(data):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says.
        decode(data)


@given(st.lists(st.binary(max_size=50), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_scan_tells_the_lengths_that_tensorflow_wrote(tmp_path, data):
    with tf.io.TFRecordWriter(str(tmp_path / "file")) as writer:
        for record in data:
            writer.write(record)
    lengths = list(scan(tmp_path / "file"))
    assert lengths == [len(record) for record in data]
    begin = 0
    for record, length in zip(data, lengths, strict=True):
        start = begin + HEADER
        assert storage.read_at(str(tmp_path / "file"), start, start + length) == record
        begin += HEADER + length + FOOTER


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
    with pytest.raises(UserError, match="with the ladder 4x4x4 8x8x8 8x16x16 8x32x32: it was made"):
        records.check_ladder(make_ladder("thesis", resolution=32))


def test_a_missing_or_cut_shard_is_named(copy):
    shard = copy / "8x8x8/00001.tfrecord"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(
        UserError, match=f"Cannot read {shard}: it has 100 bytes, and .* by its metadata"
    ):
        open_records(copy)
    shard.unlink()
    with pytest.raises(UserError, match=f"Cannot read {shard}: no such file"):
        open_records(copy)


def test_a_shard_cut_at_a_record_is_refused_even_if_the_metadata_agree(copy):
    path = copy / "4x4x4/00000.tfrecord"
    begin, _ = Records(copy).locate(LADDER[0]).spans[4]
    path.write_bytes(path.read_bytes()[: begin - HEADER])
    with pytest.raises(UserError, match=f"Cannot read {path}: it has .* bytes, and"):
        open_records(copy)
    change_shard(copy, bytes=path.stat().st_size)
    with pytest.raises(
        UserError, match=f"{path}: it has .* bytes, and its records .* by index.npz"
    ):
        open_records(copy)
    change_shard(copy, records=4)
    with pytest.raises(
        UserError, match="metadata.json: its 10 clips should be in the shards of each rung"
    ):
        open_records(copy)


def test_a_count_that_is_not_the_metadatas_is_refused(copy):
    change_shard(copy, records=6)
    with pytest.raises(
        UserError, match="metadata.json: its 10 clips should be in the shards of each"
    ):
        open_records(copy)


def test_labels_are_those_of_the_clips(shapes, copy):
    records, chosen = Records(shapes), np.array([7, 2, 9, 7, 0])
    known = [records.clip(LADDER[0], index)[1] for index in chosen]
    assert len(set(known)) > 1
    assert records.labels(chosen).tolist() == known
    assert records.labels(chosen[:0]).tolist() == []
    (begin, _) = records.locate(LADDER[0]).spans[7]
    path = copy / "4x4x4/00001.tfrecord"
    path.write_bytes(path.read_bytes()[:begin] + b"?" + path.read_bytes()[begin + 1 :])
    with pytest.raises(UserError, match=f"{path}, record 2: it is damaged, or of another clip"):
        Records(copy).labels(chosen)


@pytest.mark.parametrize("level", [1, 2], ids=["read at once", "read one by one"])
def test_a_length_that_is_damaged_is_named(copy, level):
    rung = LADDER[level]
    path = copy / f"{rung}/00001.tfrecord"
    data = bytearray(path.read_bytes())
    begin, end = Records(copy).spans(rung, Records(copy).shards[str(rung)][1])[2]
    data[begin - HEADER + 1] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"{path}: its record 2 has .*, and {end - begin} by index"):
        open_records(copy)


def change_shard(folder, **changes):
    """Changes what the metadata say of the first shard."""
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["shards"]["4x4x4"][0].update(changes)
    (folder / "metadata.json").write_text(json.dumps(metadata))


@pytest.mark.parametrize("content", [None, b"", b"PK no zip"])
def test_an_index_that_cannot_be_read_is_named(copy, content):
    (copy / "index.npz").unlink()
    if content is not None:
        (copy / "index.npz").write_bytes(content)
    with pytest.raises(UserError, match="index.npz"):
        open_records(copy)


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "no metadata.json"), ("{", "it is not JSON"), ('{"format": 9}', "it has format 9")],
)
def test_what_is_no_data_set_is_refused(tmp_path, text, message):
    if text:
        (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(UserError, match=message):
        open_records(tmp_path)
