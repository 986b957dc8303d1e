"""The ladder: the sizes that a network passes while it grows, as plain integers.

A rung is (frames, height, width, feature maps). Each step up doubles time, or space, or both, so
the first rung may have any size: 5x4x4 10x8x8 20x16x16, or 4x9x16 8x18x32 for wide pictures.
"""

import contextlib
import dataclasses
import math
import re

from support.errors import UserError

# Frames x height x width of each rung. Table A.1 of the paper, and the authors' released code,
# which doubles time at 8, 32 and 128 and is the only one with 32 frames at 128x128.
LADDERS = {
    "thesis": "4x4x4 8x8x8 8x16x16 8x32x32 16x64x64 16x128x128 32x256x256",
    "authors": "4x4x4 8x8x8 8x16x16 16x32x32 16x64x64 32x128x128 32x256x256",
}
# Sides of the first pictures that named ladders are bent to, in pixels.
MIN_SIDE, MAX_SIDE = 4, 16
_DOUBLINGS = 7  # from the first picture to the largest one that a message names
_NAMED = 3  # sizes or aspects in a message


@dataclasses.dataclass(frozen=True)
class Rung:
    """One size of the clips, and the feature maps of the networks at that size."""

    frames: int
    height: int
    width: int
    feature_maps: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(frames, height, width)."""
        return self.frames, self.height, self.width

    def __str__(self):
        return f"{self.frames}x{self.height}x{self.width}"


@dataclasses.dataclass(frozen=True)
class Ladder:
    """Rungs from the coarsest (level 0) to the full clip (level `top`).

    Raises:
        UserError: there is no rung, or a step does not double time, space or both.
    """

    rungs: tuple[Rung, ...]

    def __post_init__(self):
        if not self.rungs:
            raise UserError("A ladder should have at least one rung. Received: none")
        for coarse, fine in zip(self.rungs, self.rungs[1:], strict=False):
            time, *space = (f / c for f, c in zip(fine.shape, coarse.shape, strict=True))
            if (time, *space) not in ((2, 1, 1), (1, 2, 2), (2, 2, 2)):
                raise UserError(
                    "A step of the ladder should double time, space or both. "
                    f"Received: {coarse} to {fine}"
                )

    @property
    def top(self) -> int:
        """The level of the full clip."""
        return len(self.rungs) - 1

    def __getitem__(self, level: int) -> Rung:
        return self.rungs[level]

    def __len__(self):
        return len(self.rungs)

    def __iter__(self):
        return iter(self.rungs)

    def factors(self, level: int) -> tuple[int, int, int]:
        """What the step from `level - 1` to `level` multiplies (time, height, width) by."""
        if not 1 <= level <= self.top:
            raise ValueError(f"`level` should lie in 1 to {self.top}. Received: level={level}")
        fine, coarse = self[level], self[level - 1]
        in_space = fine.height // coarse.height
        return fine.frames // coarse.frames, in_space, in_space

    def past_frames(self, past: int, level: int) -> int:
        """How many frames at `level` consist of the first `past` frames of the full clip alone."""
        return past * self[level].frames // self[self.top].frames

    def __str__(self):
        return " ".join(map(str, self.rungs))


def make_ladder(
    name: str,
    resolution: int | None = None,
    num_frames: int | None = None,
    feature_maps_base: int = 1024,
    feature_maps_max: int = 128,
    picture: tuple[int, int] | None = None,
) -> Ladder:
    """Makes a ladder from a name of `LADDERS`, or from rungs written out ("4x4x4 4x8x8 8x8x8").

    Args:
        name: a name of `LADDERS`, or rungs as frames x height x width, coarsest first.
        resolution: height of the full clip; rungs above it are cut off.
        num_frames: frames of the full clip; rungs with more frames are held at this number.
        feature_maps_base: feature maps are `base / 2^(log2(height) - 1)` ...
        feature_maps_max: ... but no more than this.
        picture: height and width of the full clip, in place of `resolution`; a ladder of squares is
            bent to it, with the frames that it has where the longer side is as large.

    Raises:
        UserError: no such name, a size that the ladder does not reach, or rungs that are no ladder.
    """
    shapes = _parse(LADDERS.get(name, name))
    if picture is not None:
        shapes, resolution = _bend(shapes, picture, name), picture[0]
    if resolution is not None:
        shapes = [shape for shape in shapes if shape[1] <= resolution]
        if not shapes or shapes[-1][1] != resolution:
            raise UserError(
                f"`resolution` should be one that the ladder {name!r} passes. "
                f"Received: resolution={resolution}"
            )
    if num_frames is not None:
        known = sorted({frames for frames, _, _ in shapes})
        if num_frames < 1 or known[0] < num_frames < known[-1] and num_frames not in known:
            raise UserError(
                f"`num_frames` should be at most {known[0]}, or one that the ladder {name!r} "
                f"passes (write the rungs out for others). Received: num_frames={num_frames}"
            )
        shapes = [(min(frames, num_frames), height, width) for frames, height, width in shapes]
        shapes = list(dict.fromkeys(shapes))  # A step in time alone that was held is no step.
        if shapes[-1][0] != num_frames:
            raise UserError(
                f"`num_frames` should be at most {shapes[-1][0]} at {shapes[-1][1]}x"
                f"{shapes[-1][2]} on the ladder {name!r} (write the rungs out for more). "
                f"Received: num_frames={num_frames}"
            )
    maps = [feature_maps(shape[1], feature_maps_base, feature_maps_max) for shape in shapes]
    rungs = (Rung(t, h, w, m) for (t, h, w), m in zip(shapes, maps, strict=True))
    return Ladder(tuple(rungs))


def find_ladder(picture: tuple[int, int] | None, num_frames: int | None) -> Ladder:
    """The first of `LADDERS` that passes a height and width, or can be bent to them, up to there.

    Raises:
        UserError: none does; names the frames that the ladders have at this size.
    """
    errors = []
    for name in LADDERS:
        try:
            return make_ladder(name, num_frames=num_frames, picture=picture)
        except UserError as error:
            errors.append(error)
    raise errors[-1]


def name_ladder(ladder: Ladder) -> str:
    """The name of `LADDERS` whose lower rungs `ladder` has, or else the rungs written out."""
    frames, height, _ = ladder[-1].shape
    for name in LADDERS:
        with contextlib.suppress(UserError):
            if str(make_ladder(name, height, frames)) == str(ladder):
                return name
    return str(ladder)


def feature_maps(height: int, base: int = 1024, maximum: int = 128) -> int:
    """Feature maps at a height: min(base / 2^(log2(height) - 1), maximum).

    Between powers of two, the number is that of the lower one: convolutions are fast at such.
    """
    return max(1, min(2 * base >> int(math.log2(height)), maximum))


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of "144x256", or of "64" for a square; raises `UserError` for others."""
    found = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", text)
    if not found:
        raise UserError(f"`size` should be a number, or HEIGHTxWIDTH. Received: {text}")
    return int(found[1]), int(found[2] or found[1])


def picture_of(aspect: str, side: int) -> tuple[int, int]:
    """(height, width) of the largest picture with this aspect whose longer side is at most `side`.

    Args:
        aspect: width to height, such as "16:9".
        side: in pixels.

    Raises:
        UserError: `aspect` is no ratio, or one that no first picture has; or `side` is too small.
    """
    found = re.fullmatch(r"([1-9]\d{0,4}):([1-9]\d{0,4})", aspect)
    if not found:
        raise UserError(f"`aspect` should be WIDTH:HEIGHT, such as 16:9. Received: {aspect}")
    width, height = int(found[1]), int(found[2])
    fitting = [first for first in _FIRST_PICTURES if first[0] * width == first[1] * height]
    if not fitting:
        known = {_ratio(h, w): (math.log(w / h),) for h, w in _FIRST_PICTURES}
        raise UserError(
            f"`aspect` should be that of a picture of {MIN_SIDE} to {MAX_SIDE} pixels a side (the "
            f"nearest are {_nearest(known, (math.log(width / height),))}). Received: {aspect}"
        )
    first = min(fitting)
    if side < max(first):
        raise UserError(
            f"`resolution` should be at least {max(first)} with the aspect {aspect}. "
            f"Received: {side}"
        )
    scale = 2 ** int(math.log2(side / max(first)))
    return first[0] * scale, first[1] * scale


def _bend(shapes, picture, name):
    """The shapes of a ladder of squares, whose full clip now has this height and width.

    A rung has the frames that the ladder has where the longer side is as large, or else at the next
    larger side. Below the first picture only time doubles.
    """
    if any(shape[1:] == picture for shape in shapes):
        return shapes
    received = f"Received: {_by(*picture)}"
    if any(height != width for _, height, width in shapes):
        raise UserError(f"`resolution` should be one that the ladder {name!r} passes. {received}")
    if (first := _halved(*picture)) not in _FIRST_PICTURES:
        known = {
            _by(h << n, w << n): (math.log(h << n), math.log(w << n))
            for h, w in _FIRST_PICTURES
            for n in range(_DOUBLINGS)
        }
        raise UserError(
            f"`resolution` should be {MIN_SIDE} to {MAX_SIDE} pixels a side, doubled any number of "
            f"times (the nearest are {_nearest(known, tuple(map(math.log, picture)))}). {received}"
        )
    side = min((s for _, s, _ in shapes if s >= max(picture)), default=None)
    if side is None:
        raise UserError(
            f"`resolution` should be at most {shapes[-1][1]} pixels a side on the ladder {name!r}. "
            f"{received}"
        )
    bent = [
        (frames, *(max(n * size // side, low) for n, low in zip(picture, first, strict=True)))
        for frames, size, _ in shapes
        if size <= side
    ]
    return list(dict.fromkeys(bent))


def _halved(height, width):
    """The first picture of a ladder to this height and width."""
    while height % 2 == width % 2 == 0 and min(height, width) >= 2 * MIN_SIDE:
        height, width = height // 2, width // 2
    return height, width


_SIDES = range(MIN_SIDE, MAX_SIDE + 1)
_FIRST_PICTURES = [(h, w) for h in _SIDES for w in _SIDES if _halved(h, w) == (h, w)]


def _nearest(known, wanted):
    """Names those of `known`, {name: coordinates}, that are nearest to `wanted`."""
    names = sorted(known, key=lambda name: math.dist(known[name], wanted))[:_NAMED]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _ratio(height, width):
    common = math.gcd(height, width)
    return f"{width // common}:{height // common}"


def _by(height, width):
    return f"{height}x{width}"


def _parse(text):
    try:
        shapes = [tuple(map(int, rung.split("x"))) for rung in text.replace(",", " ").split()]
    except ValueError:
        shapes = []
    if not shapes or any(len(shape) != 3 or min(shape) < 1 for shape in shapes):
        raise UserError(
            f"`ladder` should be one of {sorted(LADDERS)}, or rungs as frames x height x width "
            f"such as '4x4x4 8x8x8 8x16x16'. Received: {text!r}"
        )
    return shapes
