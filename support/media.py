"""Clips as people look at them: grids and strips of frames, written as MP4, GIF or PNG."""

import fractions
import io
import itertools
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from PIL import Image

from support.errors import UserError
from support.files import write_atomically

SUFFIXES = (".mp4", ".gif", ".png")
_LARGEST_MP4 = 16384  # pixels a side: the most that H.264 holds
_PALETTE_PIXELS = 1 << 20  # as many as the palette of a GIF is chosen from, about


def to_uint8(clips: np.ndarray) -> np.ndarray:
    """Clips in [-1, 1] as uint8, rounded; what lies beyond is cut off."""
    return np.clip(np.rint((np.asarray(clips, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


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
        columns: clips in a row; by default as many as make the grid about square.
        padding: pixels between clips.
        background: grey level of the padding and of empty places.
        side: smaller clips are enlarged to this many pixels by repeating them.

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
    grid = grid.transpose(2, 0, 3, 1, 4, 5)  # [TRHCWC] Bring them beside height and width.
    grid = grid.reshape(frames, rows * (height + padding), columns * (width + padding), channels)
    return grid[:, : grid.shape[1] - padding, : grid.shape[2] - padding]


def filmstrip(clips: np.ndarray, frames: int = 8, **tiling) -> np.ndarray:
    """A picture of motion: a row for each clip, in it up to `frames` frames evenly chosen.

    Args:
        clips: [N, T, H, W, C] uint8.
        frames: the most frames in a row.
        **tiling: more for `tile_clips`.

    Returns:
        [1, H', W', C] uint8: a clip of one frame, ready for `write_clip`.
    """
    clips = clips[:, evenly(clips.shape[1], frames)]
    return tile_clips(clips.reshape(-1, 1, *clips.shape[2:]), clips.shape[1], **tiling)


def evenly(total: int, most: int) -> np.ndarray:
    """Up to `most` of the indices below `total`, evenly spaced, the first and the last included."""
    return np.rint(np.linspace(0, total - 1, min(total, most))).astype(int)


def write_clip(path: Path, clip: np.ndarray | Iterable[np.ndarray], fps: float = 8):
    """Writes `clip` [T, H, W, 3] uint8 as `path`'s suffix says; PNG has the frames side by side.

    For MP4, a clip may be an iterator over its frames, which are taken one by one.

    Raises:
        UserError: another suffix than .mp4, .gif or .png, or a picture too large for MP4.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"A clip's file should end in {', '.join(SUFFIXES)}. Received: {path}")
    with write_atomically(path) as temporary:
        if suffix == ".mp4":
            _write_mp4(temporary, clip, fps)
        elif suffix == ".gif":
            temporary.write_bytes(gif_bytes(clip, fps))
        else:
            Image.fromarray(filmstrip(clip[None], len(clip), side=1)[0]).save(temporary)


def gif_bytes(clip: np.ndarray, fps: float = 8) -> bytes:
    """`clip` [T, H, W, 3] uint8 as an endless GIF, one palette for all frames (no flicker)."""
    step = int(np.ceil(np.sqrt(clip[..., 0].size / _PALETTE_PIXELS)))
    sample = Image.fromarray(np.concatenate(clip[:, ::step, ::step]))
    palette = sample.quantize(256, method=Image.Quantize.MEDIANCUT)
    frames = [Image.fromarray(picture).quantize(palette=palette) for picture in clip]
    stream = io.BytesIO()
    frames[0].save(
        stream,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / fps),
        loop=0,
    )
    return stream.getvalue()


def _write_mp4(path, clip, fps):
    frames = iter(clip)
    first = next(frames)
    height, width = first.shape[:2]
    if max(height, width) > _LARGEST_MP4:
        raise UserError(
            f"An MP4 should be at most {_LARGEST_MP4} pixels wide and high. "
            f"Received: {width}x{height}"
        )
    even = ((0, height % 2), (0, width % 2), (0, 0))  # Colour has half the size in H.264.
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            "libx264", fractions.Fraction(fps).limit_denominator(1000), options={"crf": "14"}
        )
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        # Without it, players show clips of 720 lines and more in shifted colours.
        stream.colorspace = av.video.reformatter.Colorspace.ITU601
        for picture in itertools.chain([first], frames):
            picture = np.pad(picture, even, mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
