"""Frames of videos as a player shows them: rotated, with square pixels, over black."""

import contextlib
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dataset.readers.colours import conversion
from dataset.readers.images import over_black
from dataset.readers.source import RejectedSource, check_size


class Picture:
    """A frame that is converted to uint8 [H, W, 3] by NumPy only: most frames are in no clip.

    Attributes:
        shape: (H, W, 3).
        nbytes: memory that it takes until then.

    Args:
        frame: as PyAV decodes it.
        aspect: width of its pixels over their height.
        matrix: a, b, c, d of its rotation: x' = ax + cy, y' = bx + dy.
        reformatter: shared by many frames, as it takes long to set up.

    Raises:
        RejectedSource: a damaged frame, or one too large.
    """

    def __init__(
        self,
        frame: av.VideoFrame,
        aspect: float,
        matrix: tuple[int, int, int, int],
        reformatter: VideoReformatter,
    ):
        if frame.is_corrupt:
            raise RejectedSource("should be a whole video. Received: a damaged frame")
        height, width = round(frame.height / min(aspect, 1)), round(frame.width * max(aspect, 1))
        check_size(width, height)
        self._frame, self._size = frame, {"width": width, "height": height}
        self._matrix, self._reformatter = matrix, reformatter
        self.shape = (width, height, 3) if _is_on_its_side(matrix) else (height, width, 3)
        self.nbytes = frame.width * frame.height * frame.format.padded_bits_per_pixel // 8

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """The pixels; raises `RejectedSource` where they cannot be converted."""
        layout = self._frame.format
        has_alpha = layout.has_palette or any(part.is_alpha for part in layout.components)
        with translate_ffmpeg_errors():
            pixels = self._reformatter.reformat(
                self._frame,
                format="rgba" if has_alpha else "rgb24",
                threads=1,
                **self._size,
                **conversion(self._frame),
            ).to_ndarray()
        return _rotate(over_black(pixels) if has_alpha else pixels, self._matrix)


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """The rotation that is stored with a frame, as `Picture` takes it."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    return (
        (1, 0, 0, 1)
        if matrix is None
        else tuple(np.frombuffer(matrix, np.int32)[[0, 1, 3, 4]].tolist())
    )


@contextlib.contextmanager
def translate_ffmpeg_errors() -> Iterator[None]:
    """Turns FFmpeg's errors into `RejectedSource`."""
    try:
        yield
    except av.FFmpegError as error:
        reason = "another file" if isinstance(error, av.ArgumentError) else error.strerror
        raise RejectedSource(f"should be a whole video. Received: {reason}") from error


def _is_on_its_side(matrix):
    """Whether height and width change places."""
    return abs(matrix[1]) > abs(matrix[0])


def _rotate(picture, matrix):
    """Rotates and mirrors a picture as its display matrix says."""
    a, b, c, d = matrix
    if _is_on_its_side(matrix):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
