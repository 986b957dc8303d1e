"""How a record stores the pixels of its clip.

raw     the bytes, as they are
zlib    the bytes deflated: about a third of a natural clip, without loss
jpeg    one JPEG per frame, colours at full size
webp    one WebP per frame, colours at half size; TensorFlow 2.21 decodes it, 2.17 does not

A data set has one encoding. But frames of less than 32x32 stay raw where each would be a file of
its own, whose header alone is longer than such a frame.
"""

import dataclasses
import io
import math
import zlib

import numpy as np
from PIL import Image

from growth.ladder import Rung
from support.deferred import tf
from support.errors import UserError

EXACT = ("raw", "zlib")
ENCODINGS = (*EXACT, "jpeg", "webp")
_MIN_SIDE = 32  # pixels
_FRAMEWISE = {
    "jpeg": {"subsampling": 0},
    "webp": {"method": 0},  # The fastest; the slowest is four times as slow, a tenth smaller.
}


@dataclasses.dataclass(frozen=True)
class Encoding:
    """An encoding and its quality.

    Raises:
        UserError: no such encoding, or a quality beyond 1 to 100.
    """

    name: str = "raw"
    quality: int = 90  # of jpeg and webp

    def __post_init__(self):
        check_readable(self.name)
        if not 1 <= self.quality <= 100:
            raise UserError(f"`quality` should be in 1 to 100. Received: {self.quality}")

    def at(self, rung: Rung) -> "Encoding":
        """The encoding of the clips at a rung."""
        if self.name in _FRAMEWISE and min(rung.height, rung.width) < _MIN_SIDE:
            return Encoding("raw", self.quality)
        return self

    def encode(self, clip: np.ndarray) -> list[bytes | memoryview]:
        """A clip uint8 [T, H, W, C] as one string, or as one per frame.

        Of exact encodings, numbers of any type.
        """
        # Bytes, and no copy of them.
        pixels = np.ascontiguousarray(clip).reshape(-1).view(np.uint8).data
        if self.name == "raw":
            return [pixels]
        if self.name == "zlib":
            return [zlib.compress(pixels, level=1)]
        return [self._encode_frame(frame) for frame in clip]

    def _encode_frame(self, frame):
        stream = io.BytesIO()
        Image.fromarray(frame).save(
            stream, self.name, quality=self.quality, **_FRAMEWISE[self.name]
        )
        return stream.getvalue()


def check_readable(name: str):
    """Raises `UserError` where there is no such encoding, or this TensorFlow cannot decode it."""
    if name not in ENCODINGS:
        raise UserError(f"`encoding` should be one of {', '.join(ENCODINGS)}. Received: {name}")
    if name == "webp" and not hasattr(tf.io, "decode_webp"):
        raise UserError(
            f"Cannot use `encoding=webp`: TensorFlow {tf.__version__} does not decode it. Use "
            "2.21, or another encoding."
        )


RAW = Encoding()


def decode(
    data: list[bytes], name: str, shape: tuple[int, ...], kind: type[np.number] = np.uint8
) -> np.ndarray:
    """The clip `shape` = [T, H, W, C] of type `kind` that `Encoding.encode` turned into `data`.

    Raises:
        ValueError: `data` is something else.
    """
    if min(shape, default=0) < 0:
        raise ValueError(f"shape {list(shape)}")
    try:
        if name in _FRAMEWISE:
            return np.stack([_frame(frame, name).numpy() for frame in data]).reshape(shape)
        (pixels,) = data
        if name == "zlib":  # Stop where a false record would unpack to much more.
            size = math.prod(shape) * np.dtype(kind).itemsize
            pixels = zlib.decompressobj().decompress(pixels, size + 1)
        return np.frombuffer(pixels, kind).reshape(shape)
    except (zlib.error, OverflowError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f"damaged {name} data") from error


def parts(name: str, frames: int) -> list[int]:
    """The shape of a record's strings: [] for one, [T] for one per frame."""
    return [frames] if name in _FRAMEWISE else []


def decode_batch(data: "tf.Tensor", name: str, shape: tuple[int, ...]) -> "tf.Tensor":
    """`decode` in a graph: strings [N, *parts] to uint8 [N, *shape], equal to the bit."""
    if name in _FRAMEWISE:
        frame = tf.TensorSpec(shape[1:], tf.uint8)
        frames = tf.reshape(data, [-1])
        pixels = tf.map_fn(lambda x: _frame(x, name), frames, fn_output_signature=frame)
    else:
        data = tf.io.decode_compressed(data, "ZLIB") if name == "zlib" else data
        pixels = tf.io.decode_raw(data, tf.uint8)
    return tf.reshape(pixels, [-1, *shape])


def decode_strings(
    data: "tf.Tensor",
    name: str,
    start: "tf.Tensor",
    count: int,
    shape: tuple[int, ...],
    kind: "tf.DType",
) -> "tf.Tensor":
    """`count` frames of a clip in a graph.

    Args:
        data: the strings of a clip, [1] or [T].
        name: of the encoding.
        start: the first frame.
        count: of frames.
        shape: [H, W, C] of a frame.
        kind: type of the numbers.

    Returns:
        [count, H, W, C] of type `kind`.
    """
    if name in _FRAMEWISE:
        frame = tf.TensorSpec(shape, tf.uint8)
        frames = data[start : start + count]
        pixels = tf.map_fn(lambda x: _frame(x, name), frames, fn_output_signature=frame)
    else:
        string = tf.io.decode_compressed(data[0], "ZLIB") if name == "zlib" else data[0]
        size = math.prod(shape) * kind.size
        string = tf.strings.substr(string, start * size, tf.cast(count * size, tf.int64))
        pixels = tf.io.decode_raw(string, kind)
    return tf.reshape(pixels, [count, *shape])


def _frame(data, name):
    if name == "webp":
        return tf.io.decode_webp(data, channels=3)[0]  # It returns an animation of one frame.
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def raw_bytes(rung: Rung) -> int:
    """About the size of a raw record: the pixels, and the overhead of TFRecord and Example."""
    return 3 * math.prod(rung.shape) + 100
