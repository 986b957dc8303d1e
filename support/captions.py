"""Captions on clips that people look at: a line above, and names of columns and rows."""

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SIZE = 12  # of the font, in pixels
_MARGIN = 3  # pixels around a text


def add_caption(clip: np.ndarray, text: str) -> np.ndarray:
    """`clip` [T, H, W, 3] uint8 below a line of text, which wraps where it does not fit."""
    return name_columns(clip, [text])


def name_columns(clip: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """`clip` [T, H, W, 3] uint8 below the names of its columns, which are equally wide."""
    width = max(clip.shape[2], len(names) * max(_widest_word(name) for name in names))
    clip = np.pad(clip, [(0, 0), (0, 0), (0, width - clip.shape[2]), (0, 0)], constant_values=255)
    widths = np.diff(np.rint(np.linspace(0, width, len(names) + 1)).astype(int))
    height = max(_height(_wrap(name, size)) for name, size in zip(names, widths, strict=True))
    cells = [_draw(name, size, height) for name, size in zip(names, widths, strict=True)]
    return _join(np.concatenate(cells, axis=2), clip, axis=1)


def name_rows(clip: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """`clip` [T, H, W, 3] uint8 to the right of the names of its rows, which are equally high."""
    width = max(_widest_word(name) for name in names)
    heights = np.diff(np.rint(np.linspace(0, clip.shape[1], len(names) + 1)).astype(int))
    cells = [_draw(name, width, size) for name, size in zip(names, heights, strict=True)]
    return _join(np.concatenate(cells, axis=1), clip, axis=2)


def name_table(clip: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """`clip` [T, H, W, 3] uint8 with the names of its rows and of its columns."""
    below = name_columns(clip, columns)
    top = below.shape[1] - clip.shape[1]
    named = name_rows(below[:, top:], rows)
    left = named.shape[2] - below.shape[2]
    header = np.pad(below[:, :top], [(0, 0), (0, 0), (left, 0), (0, 0)], constant_values=255)
    return np.concatenate([header, named], 1)


def _draw(text, width, height):
    """A picture [1, height, width, 3] with text in its middle, dark on white."""
    picture = Image.new("RGB", (int(width), int(height)), "white")
    draw, lines = ImageDraw.Draw(picture), _wrap(text, width)
    top = (height - _height(lines)) // 2 + _MARGIN
    for number, line in enumerate(lines):
        place = (width / 2, top + number * (_SIZE + _MARGIN))
        draw.text(place, line, fill="#303030", font=_font(), anchor="ma")
    return np.asarray(picture)[None]


def _wrap(text, width):
    """The lines of a text."""
    lines = []
    for word in text.split():
        longer = " ".join([*lines[-1:], word])
        if lines and _font().getlength(longer) + 2 * _MARGIN <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _height(lines):
    return len(lines) * (_SIZE + _MARGIN) + _MARGIN


def _widest_word(text):
    return 2 * _MARGIN + max(int(np.ceil(_font().getlength(word))) for word in text.split())


@functools.cache
def _font():
    return ImageFont.load_default(_SIZE)


def _join(still, clip, axis):
    """A picture [1, ...] and a clip [T, ...], side by side."""
    return np.concatenate([np.repeat(still, len(clip), axis=0), clip], axis)
