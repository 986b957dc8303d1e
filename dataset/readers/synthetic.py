"""Moving shapes with known motion, for the demo and the tests.

The label is the motion, and only the motion: colours, shape, size, place and speed do not depend on
it, and places wrap around at the edges, so that they are uniform in every frame of every class. A
single frame says nothing about the class.
"""

import colorsys
import functools
from collections.abc import Iterator

import numpy as np

from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions, Source

MOTIONS = (
    "right",
    "left",
    "up",
    "down",
    "clockwise",
    "counterclockwise",
    "swaying",  # left and right in turn
    "bobbing",  # up and down in turn
)
CORNERS = (0, 3, 4)  # disc, triangle, square


def matches(files: Files, options: ReaderOptions) -> bool:
    """Never: no files belong to it, it has to be named."""
    return False


def list_sources(files: Files, options: ReaderOptions) -> list[Source]:
    """`options.num_clips` clips, the motions in turn; clip i depends on the seed and i alone."""
    sources = []
    for index in range(options.num_clips):
        motion = MOTIONS[index % len(MOTIONS)]
        clip = functools.partial(
            draw, motion, options.num_frames, options.resolution, [options.seed, index]
        )
        sources.append(Source(f"shape#{index}", clip, motion))
    return sources


def draw(
    motion: str, num_frames: int, resolution: int, seed: int | list[int]
) -> Iterator[np.ndarray]:
    """Draws one moving shape: `num_frames` frames, uint8 [resolution, resolution, 3]."""
    random = np.random.default_rng(seed)
    hue = random.random()
    paint = _colour(hue, random.uniform(0.6, 1), random.uniform(0.8, 1))
    ground = _colour(hue + random.uniform(0.25, 0.75), random.uniform(0.3, 0.8), 0.25)
    corners, turn = random.choice(CORNERS), random.uniform(0, 2 * np.pi)
    radius = random.uniform(0.18, 0.26)
    path = _path(motion, num_frames, random) + random.random(2)  # [T, (x, y)], 1 is the width.
    pixels = (np.arange(resolution) + 0.5) / resolution
    for x, y in path:
        dx, dy = _wrap(pixels - x)[None, :], _wrap(pixels - y)[:, None]
        beyond = (_distance(dx, dy, corners, turn) - radius) * resolution  # pixels past the edge
        cover = np.clip(0.5 - beyond / 1.5, 0, 1)[..., None]
        yield np.rint(ground + (paint - ground) * cover).astype(np.uint8)


def _path(motion, num_frames, random):
    """Places [T, (x, y)] that a motion passes; y points down."""
    time = np.arange(num_frames) / num_frames
    if motion in ("right", "left", "up", "down"):
        way = {"right": (1, 0), "left": (-1, 0), "up": (0, -1), "down": (0, 1)}[motion]
        return np.outer(time * random.uniform(0.6, 1.0), way)
    angle = 2 * np.pi * (random.random() + time * random.uniform(0.8, 1.2))
    circle = random.uniform(0.18, 0.28) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    way = {"counterclockwise": (1, -1), "swaying": (1, 0), "bobbing": (0, 1)}.get(motion, (1, 1))
    return circle * way


def _distance(dx, dy, corners, turn):
    """Distance from the centre [H, W], measured so that the shape's edge is at a constant one."""
    if corners == 0:
        return np.hypot(dx, dy)
    angles = turn + 2 * np.pi * np.arange(corners) / corners
    # The distance to the sides; the factor gives all shapes about the area of the disc.
    sides = np.max([np.cos(a) * dx + np.sin(a) * dy for a in angles], axis=0)
    return sides * np.sqrt(corners * np.tan(np.pi / corners) / np.pi)


def _wrap(offset):
    return (offset + 0.5) % 1 - 0.5


def _colour(hue, saturation, value):
    return 255 * np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))
