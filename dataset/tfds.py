"""The two files by which TensorFlow Datasets opens the clips of a rung.

    tfds.builder_from_directory("datasets/faces/8x32x32").as_dataset(split="train")

gives `data`, uint8 [T, H, W, 3], and `label`. It cannot decode WebP in a sequence: there `data` is
the string of each frame, for `tf.io.decode_webp`.
"""

import json
from pathlib import Path

from dataset.metadata import Shard
from growth.ladder import Rung

_FEATURES = "tensorflow_datasets.core.features"


def write_tfds(folder: Path, rung: Rung, encoding: str, shards: list[Shard]):
    """Writes `dataset_info.json` and `features.json` into the folder of a rung's shards."""
    split = {
        "name": "train",
        "filepathTemplate": "{SHARD_INDEX}.{FILEFORMAT}",
        "shardLengths": [str(shard.records) for shard in shards],
        "numBytes": str(sum(shard.bytes for shard in shards)),
    }
    info = {"name": "clips", "version": "1.0.0", "fileFormat": "tfrecord", "splits": [split]}
    scalar = _feature("scalar.Scalar", "tensor", shape={}, dtype="int64", encoding="none")
    features = {"data": _data((*rung.shape, 3), encoding), "label": scalar}
    everything = _feature("features_dict.FeaturesDict", "featuresDict", features=features)
    for name, content in (("dataset_info", info), ("features", everything)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def _data(shape, encoding):
    dimensions = {"dimensions": [str(size) for size in shape]}
    if encoding == "jpeg":
        settings = {"shape": dimensions, "dtype": "uint8", "encodingFormat": "jpeg"}
        return _feature("video_feature.Video", "video", **settings)
    if encoding == "webp":
        string = _feature("text_feature.Text", "text")
        length = {"feature": string, "length": str(shape[0])}
        return _feature("sequence_feature.Sequence", "sequence", **length)
    settings = {"shape": dimensions, "dtype": "uint8"}
    encoding = "bytes" if encoding == "raw" else encoding
    return _feature("tensor_feature.Tensor", "tensor", **settings, encoding=encoding)


def _feature(kind, key, **content):
    return {"pythonClassName": f"{_FEATURES}.{kind}", key: content}
