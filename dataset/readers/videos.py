"""Video files: one, or all in a folder and below it, decoded as a player shows them."""

import contextlib
import dataclasses
import functools
import itertools
import math
import os
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dataset.readers import animations, gif, images
from dataset.readers.files import Files
from dataset.readers.labels import read_labels
from dataset.readers.pictures import Picture, display_matrix, translate_ffmpeg_errors
from dataset.readers.source import Frames, ReaderOptions, RejectedSource, Source, make_sources

SUFFIXES = {".3g2", ".3gp", ".apng", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif"}
SUFFIXES |= {".h264", ".h265", ".hevc", ".ivf", ".m1v", ".m2ts", ".m2v", ".m4v", ".mk3d", ".mkv"}
SUFFIXES |= {".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nut"}
SUFFIXES |= {".ogm", ".ogv", ".qt", ".rm", ".tod", ".ts", ".vob", ".webm", ".wmv", ".xvid", ".y4m"}
# Containers by FFmpeg's names. Others are no videos, or lists of further files to open.
CONTAINERS = "asf,avi,dv,flv,gif,h264,hevc,ivf,m4v,matroska,mov,mpeg,mpegts,mpegvideo,mxf,nut,ogg"
CONTAINERS += ",rm,yuv4mpegpipe"
# Those that state seconds, of picture and sound together, and not the number of frames.
STATE_SECONDS = ("asf", "flv", "matroska,webm")
SLACK = 0.05  # seconds: some state no duration of the last frame
ROUNDING = 1e-3  # seconds: some containers round to that when a frame begins
FACE_CLIPS = "clips.csv"  # lists face clips, which are stored in one folder per film
MAX_FRAME_SECONDS = 600  # for which `fps` holds a frame
_SAMPLED = 10  # images that are opened to find out whether a folder has animations
_SEE_THROUGH = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # decoders of alpha
_LOCAL = threading.local()


def matches(files: Files, options: ReaderOptions) -> bool:
    """Whether there are video files, or images that hold several frames."""
    return bool(files.has(SUFFIXES) or _has_animations(files, Path))


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """A source for each video; clips that were cut out of one film are of one video."""
    frames = functools.partial(pictures, fps=options.fps)
    found = files.take(find_videos(files))
    sources = make_sources(found, files.root, options, frames, read_labels(files))
    table = files.root / FACE_CLIPS
    if table in files.named(FACE_CLIPS):
        files.take([table])
        sources = [dataclasses.replace(s, video=os.path.dirname(s.name)) for s in sources]
    return sources


def find_videos(files: Files, open_file: Callable[[Path], Path | BinaryIO] = Path) -> list[Path]:
    """The videos, and the images that hold several frames where videos are expected.

    Args:
        files: to look through.
        open_file: gives a path or an open file of each.
    """
    if not files.has(SUFFIXES) and not _has_animations(files, open_file):
        return []
    pictures = files.with_suffix(images.SUFFIXES)
    animated = {path for path in pictures if animations.is_animated(open_file(path))}
    found = files.with_suffix(SUFFIXES | images.SUFFIXES)
    return [path for path in found if path.suffix.lower() in SUFFIXES or path in animated]


def _has_animations(files, open_file):
    first = files.with_suffix(images.SUFFIXES)[:_SAMPLED]
    return any(animations.is_animated(open_file(path)) for path in first)


def decode(path: Path, fps: float | None = None) -> Generator[np.ndarray, None, float | None]:
    """The frames of `pictures` as arrays uint8 [H, W, 3]."""
    stream = Frames(pictures(path, fps))
    yield from map(np.asarray, stream)
    return stream.rate


def pictures(
    path: Path, fps: float | None = None, suffix: str | None = None
) -> Generator[Picture | np.ndarray, None, float | None]:
    """Frames of a video, in order; returns how many there are per second, where that is known.

    Args:
        path: of the file; the container is recognised by its content.
        fps: frames per second to give; each frame of the file is held until the next one begins.
            By default every frame is given once, however long it lasts.
        suffix: of the file, where `path` has another one.

    Raises:
        RejectedSource: no video, a damaged frame, or less than the container states (half of some
            files decodes without any error).
    """
    is_image = (suffix or path.suffix).lower() in animations.SUFFIXES
    with contextlib.closing(animations.timed_frames(path) if is_image else _decode(path)) as timed:
        return (yield from _at_rate(timed, fps) if fps else _each_once(timed))


def frame_rate(path: Path) -> float | None:
    """Frames per second that a video states; None where it states none, or cannot be decoded."""
    try:
        with _open(path) as container:
            stream = container.streams.best("video")
            return float(stream.average_rate) if stream and stream.average_rate else None
    except av.FFmpegError:  # Decoding reports what is wrong.
        return None


def _open(path):
    options = {"format_whitelist": CONTAINERS}
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def _decode(path):
    """Yields each frame, when it begins (None where unknown) and how long it lasts, in seconds."""
    with translate_ffmpeg_errors(), _open(path) as container:
        stream = container.streams.best("video")
        if stream is None or stream.codec_context is None:
            raise RejectedSource("should be a video. Received: no stream that can be decoded")
        decoder, packets, ends, matrix = _decoder(stream), 0, {stream.index: 0}, None
        for packet in container.demux():
            if packet.pts is not None:
                end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                ends[packet.stream.index] = max(end, ends.get(packet.stream.index, 0))
            if packet.stream.index == stream.index:
                packets += packet.size > 0
                for frame in decoder.decode(packet):
                    # Only the first frame is asked for its side data: a frame that was asked
                    # refers to itself, and stays in memory until the next garbage collection.
                    matrix = display_matrix(frame) if matrix is None else matrix
                    aspect = stream.sample_aspect_ratio or 1
                    yield Picture(frame, aspect, matrix, _reformatter()), *_times(frame)
        _check_length(container, stream, packets, ends)
        if container.format.name == "gif" and not gif.is_whole(path):
            raise RejectedSource("should be a whole GIF. Received: no trailer")


def _decoder(stream):
    """The decoder of a stream; one that knows of alpha where FFmpeg's own one does not."""
    decoder = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in _SEE_THROUGH:
        decoder = av.CodecContext.create(_SEE_THROUGH[decoder.name], "r")
        decoder.extradata = stream.codec_context.extradata
    # Several files are decoded at a time; and H.264 in slices does not report its damages.
    decoder.thread_type = "NONE"
    return decoder


def _reformatter():
    """One for each thread, as it takes long to set up; up to seconds for HDR."""
    if not hasattr(_LOCAL, "reformatter"):
        _LOCAL.reformatter = VideoReformatter()
    return _LOCAL.reformatter


def _times(frame):
    ticks = frame.dts if frame.pts is None else frame.pts
    begin = None if ticks is None else float(ticks * frame.time_base)
    return begin, float((frame.duration or 0) * frame.time_base)


def _each_once(timed):
    """Every frame; returns their mean rate, as far as the times are known."""
    first, last, count = None, None, 0
    for picture, last, _ in timed:
        first = last if count == 0 else first
        count += 1
        yield picture
    if None in (first, last) or last <= first:
        return None
    return (count - 1) / (last - first)


def _at_rate(timed, fps):
    """Frames at a fixed rate: each is held until the next one begins, the last for its duration."""
    start, given, length = None, 0, 1 / fps
    for (picture, begin, duration), following in itertools.pairwise(itertools.chain(timed, [None])):
        if begin is None:
            raise RejectedSource("should say when each frame begins, for `fps`. Received: no time")
        start = begin if start is None else start
        next_begin = following[1] if following else None
        length = duration or length if next_begin is None else next_begin - begin
        if length > MAX_FRAME_SECONDS:
            raise RejectedSource(
                f"should hold no frame longer than {MAX_FRAME_SECONDS} s. Received: {length:.0f} s"
            )
        # It is shown at the times k / fps before its end.
        until = math.ceil((begin - start + length - ROUNDING) * fps)
        yield from itertools.repeat(picture, until - given)
        given = max(given, until)
    return fps


def _check_length(container, stream, packets, ends):
    """Raises `RejectedSource` where much less was found than the container states."""
    start = float((stream.start_time or 0) * stream.time_base)
    # An AVI may leave out frames that repeat the one before.
    frames = max(packets, round((ends[stream.index] - start) * (stream.average_rate or 0)))
    stated = stream.frames
    if "mov" in container.format.name.split(","):
        # The index has the frames that an edit list leaves; the header counts all in the file.
        stated = min(stated, len(stream.index_entries))
    if frames + 2 < 0.98 * stated:  # Some encoders state a frame or two that they drop.
        raise RejectedSource(
            f"should hold the {stated} frames that its header states. Received: {frames}"
        )
    seconds, stated = max(ends.values()), (container.duration or 0) / av.time_base
    if container.format.name in STATE_SECONDS and seconds + SLACK < 0.9 * stated:
        raise RejectedSource(
            f"should last the {stated:.1f} s that its header states. Received: {seconds:.1f} s"
        )
