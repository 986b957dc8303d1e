"""Clips as people look at them: grids and strips of frames, as MP4, GIF, WebP, APNG or PNG."""

import fractions
import io
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from support.deferred import av
from support.errors import UserError, reading
from support.files import write_atomically

FORMATS = ("mp4", "gif", "webp", "apng", "png")  # suffixes of files
FPS = 8  # frames per second of clips whose rate is not known
MIN_RATE, MAX_RATE = 0.1, 1000  # frames per second
MAX_GIF_FPS = 50  # Browsers slow down GIFs with shorter delays to 10 frames per second.
_GIF_TICKS = 100  # per second
_LOSS, _PAGE_LOSS = 14, 23  # of MP4, on the scale of libx264, where 0 is lossless
_MAX_MP4 = 16384  # height and width in pixels that H.264 can hold
_PALETTE_PIXELS = 1 << 20  # about the number of pixels that the palette of a GIF is computed from
# Pillow's names of animations, and the parameters of their writers.
_ANIMATIONS = {"webp": ("WEBP", {"quality": 90}), "apng": ("PNG", {})}


def known_rate(fps: Any) -> float | None:
    """A rate that a file states in frames per second; None where no clip could have it."""
    return fps if isinstance(fps, int | float) and MIN_RATE <= fps <= MAX_RATE else None


def to_uint8(clips: np.ndarray) -> np.ndarray:
    """Clips in [-1, 1] as uint8, rounded; values beyond are clipped."""
    return np.clip(np.rint((np.asarray(clips, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def from_uint8(clips: np.ndarray) -> np.ndarray:
    """Clips uint8 as float32 in [-1, 1]."""
    return np.asarray(clips, np.float32) / 127.5 - 1


def enlarge(clips: np.ndarray, side: int) -> np.ndarray:
    """Repeats the pixels of `clips` [..., H, W, C] until the shorter side is at least `side`."""
    factor = -(-side // min(clips.shape[-3:-1]))
    return clips.repeat(factor, axis=-3).repeat(factor, axis=-2)


def tile_clips(
    clips: np.ndarray,
    columns: int | None = None,
    padding: int = 2,
    background: int = 255,
    side: int = 64,
) -> np.ndarray:
    """Lays clips out as one clip, row by row.

    Args:
        clips: [N, T, H, W, C] uint8.
        columns: clips per row; by default the grid is about square.
        padding: pixels between clips.
        background: grey level of the padding and of empty places.
        side: smaller clips are enlarged to this many pixels by repeating their pixels.

    Returns:
        [T, H', W', C] uint8.
    """
    clips = enlarge(clips, side)
    num, frames, height, width, channels = clips.shape
    columns = columns or int(np.ceil(np.sqrt(num)))
    rows = -(-num // columns)
    grid = np.full((rows * columns, *clips.shape[1:]), background, np.uint8)
    grid[:num] = clips
    gaps = ((0, 0), (0, 0), (0, padding), (0, padding), (0, 0))
    grid = np.pad(grid, gaps, constant_values=background)  # [(RC)THWC] Room right and below.
    grid = grid.reshape(rows, columns, *grid.shape[1:])  # [RCTHWC] Split rows and columns.
    grid = grid.transpose(2, 0, 3, 1, 4, 5)  # [TRHCWC] Bring them next to height and width.
    grid = grid.reshape(frames, rows * (height + padding), columns * (width + padding), channels)
    return grid[:, : grid.shape[1] - padding, : grid.shape[2] - padding]


def filmstrip(clips: np.ndarray, frames: int = 8, **tiling: Any) -> np.ndarray:
    """A picture of motion: one row per clip, with up to `frames` frames, evenly chosen.

    Args:
        clips: [N, T, H, W, C] uint8.
        frames: maximum number of frames in a row.
        **tiling: arguments of `tile_clips`.

    Returns:
        [1, H', W', C] uint8: a clip of one frame, ready for `write_clip`.
    """
    clips = clips[:, evenly(clips.shape[1], frames)]
    return tile_clips(clips.reshape(-1, 1, *clips.shape[2:]), clips.shape[1], **tiling)


def evenly(total: int, maximum: int) -> np.ndarray:
    """Up to `maximum` indices below `total`, evenly spaced, with the first and the last one."""
    return np.rint(np.linspace(0, total - 1, min(total, maximum))).astype(int)


def write_clip(path: Path, clip: np.ndarray | Iterable[np.ndarray], fps: float = FPS):
    """Writes `clip` [T, H, W, 3] uint8 in the format of `path`'s suffix; the same bytes each time.

    .png has the frames side by side. .webp and .apng are animations; .apng is without loss. A .gif
    of more than `MAX_GIF_FPS` frames per second plays at that rate. For .mp4, a clip may be an
    iterator over its frames, which are taken one by one.

    Raises:
        UserError: another suffix than those of `FORMATS`, or a picture too large for MP4.
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise UserError(f"A clip's file should end in {endings}. Received: {path}")
    with write_atomically(path) as temporary:
        if kind == "mp4":
            _write_mp4(temporary, clip, fps)
        elif kind == "gif":
            temporary.write_bytes(gif_bytes(np.asarray(clip), fps))
        elif kind in _ANIMATIONS:
            temporary.write_bytes(animation_bytes(np.asarray(clip), kind, fps))
        else:
            clip = np.asarray(clip)
            Image.fromarray(filmstrip(clip[None], len(clip), side=1)[0]).save(temporary)


def gif_bytes(clip: np.ndarray, fps: float = FPS) -> bytes:
    """`clip` [T, H, W, 3] uint8 as an endless GIF, one palette for all frames (no flicker).

    It has every frame, and their duration: delays are whole hundredths of a second that add up to
    it. Above 50 frames per second they stay at two, since browsers play less as ten.
    """
    step = int(np.ceil(np.sqrt(clip[..., 0].size / _PALETTE_PIXELS)))
    sample = Image.fromarray(np.concatenate(clip[:, ::step, ::step]))
    palette = sample.quantize(256, method=Image.Quantize.MEDIANCUT)
    colours = np.array(palette.getpalette(), np.uint8).reshape(-1, 3)
    argb = np.full((256, 4), 255, np.uint8)
    argb[: len(colours), 1:] = colours
    ends = [round(_GIF_TICKS * i / min(fps, MAX_GIF_FPS)) for i in range(len(clip) + 1)]
    options = {"loop": "0", "final_delay": str(ends[-1] - ends[-2])}
    stream = io.BytesIO()
    with av.open(stream, "w", format="gif", options=options) as container:
        video = container.add_stream("gif", _GIF_TICKS)
        video.height, video.width = clip.shape[1:3]
        video.pix_fmt, video.codec_context.time_base = "pal8", fractions.Fraction(1, _GIF_TICKS)
        for picture, begin in zip(clip, ends, strict=False):
            # Dithering would be seen as noise, and make the file larger.
            indices = Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
            planes: Any = (np.asarray(indices), argb)  # PyAV's types do not know of palettes.
            frame = av.VideoFrame.from_ndarray(planes, "pal8")
            frame.pts, frame.time_base = begin, video.codec_context.time_base
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return stream.getvalue()


def animation_bytes(clip: np.ndarray, kind: str, fps: float) -> bytes:
    """`clip` [T, H, W, 3] uint8 as an endless animation, a "webp" or an "apng"."""
    writer, parameters = _ANIMATIONS[kind]
    first, *rest = (Image.fromarray(picture) for picture in clip)
    ends = [round(1000 * i / fps) for i in range(len(clip) + 1)]
    delays = np.diff(ends).tolist()
    stream = io.BytesIO()
    first.save(
        stream,
        format=writer,
        save_all=True,
        append_images=rest,
        duration=delays,
        loop=0,
        **parameters,
    )
    return stream.getvalue()


def shrink_video(source: Path, path: Path, side: int):
    """Writes the MP4 `source` again for a page: at most `side` pixels high and wide, and smaller.

    Raises:
        UserError: `source` is damaged.
    """
    with reading(source, "video", av.error.FFmpegError), av.open(str(source)) as container:
        stream = container.streams.video[0]
        factor = min(1, side / max(stream.height, stream.width))
        height, width = (2 * round(n * factor / 2) for n in (stream.height, stream.width))
        shrunk = (frame.reformat(width, height, "rgb24") for frame in container.decode(stream))
        frames = (frame.to_ndarray() for frame in shrunk)
        with write_atomically(path) as temporary:
            _write_mp4(temporary, frames, stream.average_rate or FPS, _PAGE_LOSS)


def shrink_picture(source: Path, path: Path, side: int):
    """Writes a picture or an animation again for a page, as WebP of at most `side` pixels.

    Raises:
        UserError: `source` is damaged.
    """
    with reading(source, "picture", OSError), Image.open(source) as picture:
        frames, delays = [], []
        for frame in ImageSequence.Iterator(picture):
            frame = frame.convert("RGB")
            frame.thumbnail((side, side))
            frames.append(frame)
            delays.append(picture.info.get("duration", 0))
    options = {"append_images": frames[1:], "duration": delays} if len(frames) > 1 else {}
    with write_atomically(path) as temporary:
        frames[0].save(
            temporary, format="WEBP", quality=85, loop=0, save_all=len(frames) > 1, **options
        )


def _write_mp4(path, clip, fps, loss=_LOSS):
    frames = iter(clip)
    first = next(frames)
    height, width = first.shape[:2]
    if max(height, width) > _MAX_MP4:
        raise UserError(
            f"An MP4 should be at most {_MAX_MP4} pixels wide and high. Received: {width}x{height}"
        )
    even = ((0, height % 2), (0, width % 2), (0, 0))  # Colour has half the size in H.264.
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            "libx264",
            fractions.Fraction(fps).limit_denominator(1001),
            # With several threads, or a macroblock tree, the bytes are not always the same.
            options={"crf": str(loss), "threads": "1", "x264-params": "mbtree=0"},
        )
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        # Without it, players show clips of 720 lines and more in shifted colours.
        stream.colorspace = av.video.reformatter.Colorspace.ITU601
        for picture in itertools.chain([first], frames):
            picture = np.pad(picture, even, mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
