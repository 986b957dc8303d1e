"""Frames of videos as a player shows them: turned, with square pixels, over black."""

import contextlib

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dataset.readers.images import over_black
from dataset.readers.source import RejectedSource, check_size


class Picture:
    """A frame that becomes uint8 [H, W, 3] when NumPy asks for it: most frames are in no clip.

    Attributes:
        shape: (H, W, 3).
        nbytes: what it holds in memory until then.

    Args:
        frame: as PyAV decodes it.
        aspect: width of its pixels over their height.
        matrix: a, b, c, d, by which it is turned: x' = ax + cy, y' = bx + dy.
        reformatter: one for all frames of a video: to set it up takes as long as decoding.

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
        self.shape = (width, height, 3) if _lies(matrix) else (height, width, 3)
        self.nbytes = frame.width * frame.height * frame.format.padded_bits_per_pixel // 8

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """The pixels; raises `RejectedSource` where they cannot be converted."""
        layout = self._frame.format
        see_through = layout.has_palette or any(part.is_alpha for part in layout.components)
        with ffmpeg_told():
            pixels = self._reformatter.reformat(
                self._frame, format="rgba" if see_through else "rgb24", threads=1, **self._size
            ).to_ndarray()
        return _turn(over_black(pixels) if see_through else pixels, self._matrix)


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """How a frame says that it is to be turned, as `Picture` takes it."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return (
        (1, 0, 0, 1) if matrix is None else np.frombuffer(matrix, np.int32)[[0, 1, 3, 4]].tolist()
    )


@contextlib.contextmanager
def ffmpeg_told():
    """Turns FFmpeg's errors into `RejectedSource`."""
    try:
        yield
    except av.FFmpegError as error:
        other = isinstance(error, av.ArgumentError)
        raise RejectedSource(
            f"should be a whole video. Received: {'another file' if other else error.strerror}"
        ) from error


def _lies(matrix):
    """Whether height and width change places."""
    return abs(matrix[1]) > abs(matrix[0])


def _turn(picture, matrix):
    """Turns and mirrors a picture as its display matrix says."""
    a, b, c, d = matrix
    if _lies(matrix):
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
