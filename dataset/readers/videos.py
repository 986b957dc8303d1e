"""Video files: one, or all in a folder and below it."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    list_files,
    make_sources,
)

SUFFIXES = {".avi", ".flv", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
SUFFIXES |= {".ogv", ".ts", ".webm", ".wmv"}


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are video files."""
    return bool(list_files(path, SUFFIXES))


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each video."""
    return make_sources(list_files(path, SUFFIXES), path, options, decode)


def decode(path: Path) -> Iterator[np.ndarray]:
    """Frames of a video, uint8 [H, W, 3], in order.

    Raises:
        RejectedSource: no video, a damaged frame, or less than the container states (half of some
            files decodes without any error).
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise RejectedSource("should be a video. Received: a file without a video stream")
            stream, packets, end = container.streams.video[0], 0, 0
            for packet in container.demux(stream):
                if packet.size:
                    packets += 1
                    end = max(end, (packet.pts or 0) + (packet.duration or 0))
                for frame in packet.decode():
                    if frame.is_corrupt:
                        raise RejectedSource("should be a whole video. Received: a damaged frame")
                    yield frame.to_ndarray(format="rgb24")
            _check_length(container, stream, packets, end)
    except av.FFmpegError as error:
        raise RejectedSource(f"should be a whole video. Received: {error.strerror}") from error


def _check_length(container, stream, packets, end):
    if packets + 2 < 0.98 * stream.frames:  # Some encoders state a frame or two that they drop.
        raise RejectedSource(
            f"should hold the {stream.frames} frames that its header states. Received: {packets}"
        )
    # Matroska and WebM state seconds alone, of picture and sound together.
    seconds, stated = float(end * stream.time_base), (container.duration or 0) / av.time_base
    if not stream.frames and seconds < 0.9 * stated:
        raise RejectedSource(
            f"should last the {stated:.1f} s that its header states. Received: {seconds:.1f} s"
        )
