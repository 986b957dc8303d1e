"""The ladder: the sizes that a network passes while it grows, as plain integers.

A rung is (frames, height, width, feature maps). Each step up doubles time, or space, or both, so
the first rung may have any number of frames: 5x4x4 10x8x8 20x16x16.
"""

import contextlib
import dataclasses
import math

from support.errors import UserError

# Frames x height x width of each rung. Table A.1 of the paper, and the authors' released code,
# which doubles time at 8, 32 and 128 and is the only one with 32 frames at 128x128.
LADDERS = {
    "thesis": "4x4x4 8x8x8 8x16x16 8x32x32 16x64x64 16x128x128 32x256x256",
    "authors": "4x4x4 8x8x8 8x16x16 16x32x32 16x64x64 32x128x128 32x256x256",
}


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
        UserError: a height or width is no power of two, a picture is not square, or a step does not
            double time, space or both.
    """

    rungs: tuple[Rung, ...]

    def __post_init__(self):
        if not self.rungs:
            raise UserError("A ladder should have at least one rung. Received: none")
        for rung in self.rungs:
            for name, value in zip(("height", "width"), rung.shape[1:], strict=True):
                check_power_of_two(f"{name} of the rung {rung}", value)
            if rung.height != rung.width:
                raise UserError(f"A rung should be square (height = width). Received: {rung}")
        for coarse, fine in zip(self.rungs, self.rungs[1:], strict=False):
            in_time, in_space = fine.frames / coarse.frames, fine.height / coarse.height
            if (in_time, in_space) not in ((2, 1), (1, 2), (2, 2)):
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
        return fine.frames // coarse.frames, in_space, fine.width // coarse.width

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
) -> Ladder:
    """Makes a ladder from a name of `LADDERS`, or from rungs written out ("4x4x4 4x8x8 8x8x8").

    Args:
        name: a name of `LADDERS`, or rungs as frames x height x width, coarsest first.
        resolution: height and width of the full clip; rungs above it are cut off.
        num_frames: frames of the full clip; rungs with more frames are held at this number.
        feature_maps_base: feature maps are `base / 2^(log2(height) - 1)` ...
        feature_maps_max: ... but no more than this.

    Raises:
        UserError: no such name, a size that the ladder does not reach, or rungs that are no ladder.
    """
    shapes = _parse(LADDERS.get(name, name))
    if resolution is not None:
        check_power_of_two("resolution", resolution)
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


def find_ladder(resolution: int | None, num_frames: int | None) -> Ladder:
    """The first of `LADDERS` that passes a size, up to there.

    Raises:
        UserError: none does; names the frames that the ladders have at this resolution.
    """
    errors = []
    for name in LADDERS:
        try:
            return make_ladder(name, resolution, num_frames)
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


def feature_maps(size: int, base: int = 1024, maximum: int = 128) -> int:
    """Feature maps at a height of `size`: min(base / 2^(log2(size) - 1), maximum)."""
    return max(1, min(2 * base // size, maximum))


def check_power_of_two(name: str, value: int):
    """Raises `UserError` unless `value` is 1, 2, 4, 8 ..."""
    if value < 1 or not math.log2(value).is_integer():
        raise UserError(f"`{name}` should be a power of two. Received: {value}")


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
