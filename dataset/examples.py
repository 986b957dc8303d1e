"""A record: a clip and its label as a serialised `tf.train.Example` (see records.py)."""

import numpy as np
from google.protobuf.message import DecodeError

from dataset import encoding
from dataset.encoding import RAW, Encoding
from dataset.windows import storage_type
from support.deferred import tf


def encode(clip: np.ndarray, label: int, how: Encoding = RAW, scale: int = 1) -> bytes:
    """A clip uint8 [T, H, W, C] and its label as a serialised `tf.train.Example`.

    The means of a stretch, float32, are stored times `scale`. The pixels are copied once; `Example`
    itself would copy them three times.
    """
    about = tf.train.Features()
    about.feature["shape"].int64_list.value.extend(clip.shape)
    about.feature["encoding"].bytes_list.value.append(how.name.encode())
    about.feature["label"].int64_list.value.append(label)
    if scale != 1:
        about.feature["scale"].int64_list.value.append(scale)
        clip = np.rint(clip * np.float32(scale)).astype(storage_type(scale))
    values = [part for value in how.encode(clip) for part in _field(1, [value])]
    data = [*_field(1, [b"data"]), *_field(2, _field(1, values))]  # Feature, BytesList, values.
    features = [*_field(1, data), about.SerializeToString(deterministic=True)]
    return b"".join(_field(1, features))


def _field(number, parts):
    """The pieces of a field of Protocol Buffers that holds the bytes `parts`."""
    return [bytes([number << 3 | 2]), _varint(sum(map(len, parts))), *parts]


def _varint(value):
    """A number in groups of seven bits, the lowest first; all but the last have the top bit set."""
    groups = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])


def decode(record: bytes) -> tuple[np.ndarray, int]:
    """The clip uint8 [T, H, W, C], or the means of a stretch, and the label of a record.

    Raises:
        ValueError: it is no record of a clip.
    """
    try:
        feature = tf.train.Example.FromString(record).features.feature
        (name,) = feature["encoding"].bytes_list.value
        (label,) = feature["label"].int64_list.value
    except DecodeError as error:
        raise ValueError("no tf.train.Example") from error
    shape = tuple(feature["shape"].int64_list.value)
    (scale,) = feature["scale"].int64_list.value or [1]
    if scale < 1:
        raise ValueError(f"scale {scale}")
    kind = storage_type(scale)
    values = encoding.decode(feature["data"].bytes_list.value, name.decode(), shape, kind)
    return values if scale == 1 else values / np.float32(scale), label
