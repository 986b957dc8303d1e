"""Whole videos in records, of which training takes windows of frames.

A record holds a stretch of video at the height and width of a rung: all of its frames, the mean of
the full picture's pixels in each of theirs. A window is pooled over time as it is read, and equals
to the bit the clip that would be stored of it. Where time is pooled, the means are therefore exact:
they are stored times `scale`, the number of full pixels in each of theirs, as whole numbers.
"""

import dataclasses
import math

import numpy as np

from dataset.encoding import EXACT, decode_strings
from growth.ladder import Ladder, Rung
from support.deferred import tf


@dataclasses.dataclass(frozen=True)
class Window:
    """Which frames of a stretch make a clip."""

    frames: int  # of the full clip
    stride: int  # every n-th frame is taken

    @property
    def span(self) -> int:
        """Frames from the first to the last of a window."""
        return (self.frames - 1) * self.stride + 1

    def cut(self, stretch: np.ndarray, rung: Rung, start: int | None = None) -> np.ndarray:
        """The clip [T, H, W, C] uint8 at a rung of which `stretch` [F, H, W, C] holds the means.

        `start` is the window's first frame; by default the window is in the middle.
        """
        start = (len(stretch) - self.span) // 2 if start is None else start
        frames = stretch[start : start + self.span : self.stride].astype(np.float32)
        blocks = frames.reshape(rung.frames, -1, *frames.shape[1:])  # [TtHWC] Split time.
        return np.rint(blocks.sum(axis=1) / np.float32(blocks.shape[1])).astype(np.uint8)

    def start(self, place: "tf.Tensor", count: "tf.Tensor") -> "tf.Tensor":
        """The first frame of the window at `place` in [0, 1) of a stretch of `count` frames."""
        windows = count - self.span + 1
        start = tf.cast(place * tf.cast(windows, tf.float32), tf.int64)
        return tf.minimum(start, windows - 1)

    def read(
        self, record: "tf.Tensor", place: "tf.Tensor", rung: Rung, encoding: str, scale: int
    ) -> tuple["tf.Tensor", "tf.Tensor"]:
        """`cut` in a graph: of a record, the window at `place` in [0, 1).

        Args:
            record: of a stretch, as a string.
            place: of the window.
            rung: the size of the clip.
            encoding: of the pixels.
            scale: by which the means are multiplied.

        Returns:
            The clip [T, H, W, 3], whole numbers as float32, and its label, int64.
        """
        features = {
            "data": tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
            "shape": tf.io.FixedLenFeature([4], tf.int64),
            "label": tf.io.FixedLenFeature([], tf.int64),
        }
        values = tf.io.parse_single_example(record, features)
        start = self.start(place, values["shape"][0])
        shape, kind = (rung.height, rung.width, 3), tf.as_dtype(storage_type(scale))
        frames = decode_strings(values["data"], encoding, start, self.span, shape, kind)
        blocks = tf.reshape(
            tf.cast(frames[:: self.stride], tf.float32),
            [rung.frames, self.frames // rung.frames, *shape],  # [TtHWC] Split time.
        )
        # Sums have up to 24 bits, and both divisors are powers of two.
        means = tf.reduce_sum(blocks, axis=1) / (blocks.shape[1] * scale)
        return tf.round(means), values["label"]


def scale_of(ladder: Ladder, level: int, encoding: str) -> int:
    """By which the means at a rung are multiplied; 1 where they are rounded to grey levels."""
    rung, top = ladder[level], ladder[-1]
    if rung.frames == top.frames or encoding not in EXACT:
        return 1
    return (top.height // rung.height) * (top.width // rung.width)


def storage_type(scale: int) -> type[np.number]:
    """The smallest type that holds 255 * scale and that TensorFlow decodes."""
    if scale == 1:
        return np.uint8
    return np.uint16 if 255 * scale < 2**16 else np.int32


def frame_bytes(ladder: Ladder, level: int, encoding: str) -> int:
    """Bytes of a raw frame of a stretch at a rung."""
    kind = storage_type(scale_of(ladder, level, encoding))
    return math.prod((*ladder[level].shape[1:], 3)) * np.dtype(kind).itemsize
