"""Video files: one, or all in a folder and below it, decoded as a player shows them."""

import contextlib
import dataclasses
import functools
import itertools
import math
import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dataset.readers.labels import read_labels
from dataset.readers.pictures import Picture, display_matrix, ffmpeg_told
from dataset.readers.source import (
    ReaderOptions,
    RejectedSource,
    Source,
    first_file,
    list_files,
    make_sources,
)

SUFFIXES = {".avi", ".flv", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
SUFFIXES |= {".ogv", ".ts", ".webm", ".wmv"}
# Containers by FFmpeg's names. Others are no videos, or lists of further files to open.
CONTAINERS = "asf,avi,flv,gif,m4v,matroska,mov,mpeg,mpegts,mpegvideo,ogg"
# Those that state seconds, of picture and sound together, and not the number of frames.
STATE_SECONDS = ("asf", "flv", "matroska,webm")
SLACK = 0.05  # seconds: some state no duration of the last frame
ROUNDING = 1e-3  # seconds: some containers round to that when a frame begins
FACE_CLIPS = "clips.csv"  # lists face clips, which lie in a folder a film
LONGEST_FRAME = 600  # seconds that `--fps` holds a frame


def matches(path: Path, options: ReaderOptions) -> bool:
    """Whether there are video files."""
    return first_file(path, SUFFIXES) is not None


def list_sources(path: Path, options: ReaderOptions) -> list[Source]:
    """A source for each video; clips that were cut out of one film are of one video."""
    frames = functools.partial(pictures, fps=options.fps)
    files = list_files(path, SUFFIXES)
    sources = make_sources(files, path, options, frames, read_labels(path))
    if (path / FACE_CLIPS).is_file():
        sources = [dataclasses.replace(s, video=os.path.dirname(s.name)) for s in sources]
    return sources


def decode(path: Path, fps: float | None = None) -> Iterator[np.ndarray]:
    """The frames of `pictures` as arrays uint8 [H, W, 3]."""
    return map(np.asarray, pictures(path, fps))


def pictures(path: Path, fps: float | None = None) -> Iterator[Picture]:
    """Frames of a video, in order.

    Args:
        path: of the file; its content tells the container.
        fps: frames a second to give; each frame of the file is held until the next one begins. By
            default every frame is given once, however long it lasts.

    Raises:
        RejectedSource: no video, a damaged frame, or less than the container states (half of some
            files decodes without any error).
    """
    with contextlib.closing(_decode(path)) as timed:
        yield from _at_rate(timed, fps) if fps else (picture for picture, _, _ in timed)


def _decode(path):
    """Yields each frame, when it begins (None where unknown) and how long it lasts, in seconds."""
    options = {"format_whitelist": CONTAINERS}
    opening = {"options": options, "metadata_errors": "replace"}
    with ffmpeg_told(), av.open(f"file:{path}", **opening) as container:
        stream = container.streams.best("video")
        if stream is None or stream.codec_context is None:
            raise RejectedSource("should be a video. Received: no stream that can be decoded")
        # Several files are decoded at a time; and H.264 in slices does not tell its damages.
        stream.codec_context.thread_type = "NONE"
        packets, ends, matrix, reformatter = 0, {stream.index: 0}, None, VideoReformatter()
        for packet in container.demux():
            if packet.pts is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                ends[packet.stream.index] = max(end, ends.get(packet.stream.index, 0))
            if packet.stream.index == stream.index:
                packets += packet.size > 0
                for frame in packet.decode():
                    # Of the first frame alone: a frame that was asked refers to itself, and
                    # waits in memory until such circles are looked for.
                    matrix = display_matrix(frame) if matrix is None else matrix
                    aspect = stream.sample_aspect_ratio or 1
                    yield Picture(frame, aspect, matrix, reformatter), *_times(frame)
        _check_length(container, stream, packets, ends)
        if container.format.name == "gif":
            _check_trailer(path)


def _times(frame):
    ticks = frame.dts if frame.pts is None else frame.pts
    begin = None if ticks is None else float(ticks * frame.time_base)
    return begin, float((frame.duration or 0) * frame.time_base)


def _at_rate(timed, fps):
    """Frames at a fixed rate: each is held until the next one begins, the last for its duration."""
    start, given, length = None, 0, 1 / fps
    for (picture, begin, duration), following in itertools.pairwise(itertools.chain(timed, [None])):
        if begin is None:
            raise RejectedSource("should say when each frame begins, for --fps. Received: no time")
        start = begin if start is None else start
        next_begin = following[1] if following else None
        length = duration or length if next_begin is None else next_begin - begin
        if length > LONGEST_FRAME:
            raise RejectedSource(
                f"should hold no frame longer than {LONGEST_FRAME} s. Received: {length:.0f} s"
            )
        # It is shown at the times k / fps before its end.
        until = math.ceil((begin - start + length - ROUNDING) * fps)
        yield from itertools.repeat(picture, until - given)
        given = max(given, until)


def _check_length(container, stream, packets, ends):
    """Raises `RejectedSource` where much less was found than the container states."""
    start = float((stream.start_time or 0) * stream.time_base)
    # An AVI may leave out frames that repeat the one before.
    frames = max(packets, round((ends[stream.index] - start) * (stream.average_rate or 0)))
    if frames + 2 < 0.98 * stream.frames:  # Some encoders state a frame or two that they drop.
        raise RejectedSource(
            f"should hold the {stream.frames} frames that its header states. Received: {frames}"
        )
    seconds, stated = max(ends.values()), (container.duration or 0) / av.time_base
    if container.format.name in STATE_SECONDS and seconds + SLACK < 0.9 * stated:
        raise RejectedSource(
            f"should last the {stated:.1f} s that its header states. Received: {seconds:.1f} s"
        )


def _check_trailer(path):
    """A GIF states nothing, but ends with a semicolon, which zeros may follow."""
    with open(path, "rb") as file:
        file.seek(-min(64, path.stat().st_size), os.SEEK_END)
        if not file.read().rstrip(b"\0\r\n").endswith(b";"):
            raise RejectedSource("should be a whole GIF. Received: no trailer at its end")
