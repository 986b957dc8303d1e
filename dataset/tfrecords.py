"""The framing of TFRecord files: where records begin, how one is read, and which one it is.

A record is its length (8 bytes), the CRC of the length (4), the data, and the CRC of the data (4).
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from support.deferred import tf

HEADER, FOOTER = 12, 4  # bytes around the data
_BUCKETS = 2**63 - 1
_SMALL = 4096  # bytes of a page, which is read as a whole


def scan(path: str | Path) -> Iterator[int]:
    """Yields the length of each record's data, from the headers alone; -1 for a header cut short.

    A damaged length ends the scan, as the next record cannot be found.
    """
    begin, size = 0, os.stat(path).st_size
    with open(path, "rb", buffering=0) as file:
        while begin < size:
            header = os.pread(file.fileno(), HEADER, begin)
            if len(header) < HEADER:
                yield -1
                return
            (length,) = struct.unpack("<Q", header[:8])
            yield length
            begin += HEADER + length + FOOTER


def header_lengths(path: str | Path, begins: np.ndarray) -> np.ndarray:
    """The lengths in the headers of records, uint64 [N].

    Args:
        path: of a file that does not end before the last of them.
        begins: where their data begin, int64 [N].
    """
    places = begins - HEADER
    with open(path, "rb", buffering=0) as file:
        if os.stat(path).st_size <= _SMALL * len(begins):  # Reads as much as single headers would.
            data = np.fromfile(file, np.uint8)
            headers = data[np.minimum(places[:, None] + np.arange(8), len(data) - 1)].tobytes()
        else:
            headers = b"".join(os.pread(file.fileno(), 8, place) for place in places.tolist())
    return np.frombuffer(headers, "<u8")


def read_record(path: "tf.Tensor", begin: "tf.Tensor") -> "tf.data.Dataset":
    """A data set of one element: the record whose data begin at byte `begin` of a file.

    For functions of a pipeline: it consists of TensorFlow's operations, as Python in a pipeline can
    hang at the exit. Reading raises `tf.errors.DataLossError` where a bit is wrong.
    """
    # The operation below `tf.data.TFRecordDataset`, which alone can begin within a file.
    shard = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path],
        compression_type="",
        buffer_size=0,  # No reading ahead: the next clip is somewhere else.
        byte_offsets=[begin - HEADER],
    )
    return tf.data.experimental.from_variant(shard, tf.TensorSpec([], tf.string)).take(1)


def checked_record(path: str, begin: int) -> bytes:
    """The record whose data begin at byte `begin`; raises `tf.errors.OpError` for a wrong bit."""
    place = tf.data.Dataset.from_tensors((path, tf.constant(begin, tf.int64)))
    try:
        return next(place.flat_map(read_record).as_numpy_iterator())
    except StopIteration:
        raise tf.errors.OutOfRangeError(None, None, "the file ends before it") from None


def fingerprint(records: "tf.Tensor | bytes") -> "tf.Tensor":
    """A number that tells records apart: the FarmHash of each, int64 of the shape of `records`."""
    if isinstance(records, bytes):  # TensorFlow takes ten times as long for them as they are.
        records = np.array(records, object)
    return tf.strings.to_hash_bucket_fast(records, _BUCKETS)
