"""Sliced Wasserstein distance between patches of two sets of clips, at several scales.

ProGAN's measure (Karras et al. 2018, section 5) carried to video. A Laplacian pyramid halves space
down to 4x4 and time down to 4 frames, as long as the sizes are even; at each level patches of 7x7
pixels x 4 frames are taken at random places (smaller where the level is), and the distance of the
two sets of patches is the mean one-dimensional Wasserstein distance over random directions, x 1000.

Both sets are normalised by the mean and the standard deviation of the reals, per channel and
level. ProGAN normalises each set by its own, which hides errors of colour and of contrast.

    reals, fakes = PatchBank((8, 32, 32)), PatchBank((8, 32, 32))
    for clips in batches:
        reals.update(clips)
    ...
    sliced_wasserstein(reals, fakes)  # {"8x32x32": 31.5, "4x16x16": ..., "mean": ...}

Besides these joint patches there are spatial ones, 7x7 pixels of single frames from a pyramid that
only halves space, and temporal ones, up to 8 frames of single pixels from a pyramid that only
halves time. Spatial patches do not depend on the order of frames, nor temporal ones on the places
of pixels: together they show whether pictures or motion are wrong.

The distance of two sets of reals is the floor. It falls as the sets grow, so it has to be taken
with as many clips as the score.
"""

import math

import numpy as np
import tensorflow as tf

from growth.resample import downscale, upscale

# The (frames, height, width) of each kind of patch, and the sizes below which no axis is halved.
KINDS = {
    "joint": ((4, 7, 7), (4, 4, 4)),
    "spatial": ((1, 7, 7), (math.inf, 4, 4)),
    "temporal": ((8, 1, 1), (4, math.inf, math.inf)),
}
_FRAMES = 8  # of a clip from which spatial patches are taken
_DIRECTIONS = 256
_QUIET = 1 / 255  # half a grey level: a level that varies less than this is not blown up to 1


class PatchBank:
    """Patches of a set of clips at each level; the clips themselves are not kept.

    The places of the patches depend only on `seed` and on the clip's index in the set, so any split
    of the set into batches gives the same bank. A clip of any size takes 75 kB per level.

    Args:
        shape: (frames, height, width) of the clips.
        seed: of the places of the patches.
        patches_per_clip: number of patches per clip and level; all places where there are fewer.
        kind: of the patches, "joint", "spatial" or "temporal".
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        seed: int = 0,
        patches_per_clip: int = 32,
        kind: str = "joint",
    ):
        self.shape, self.seed, self.patches_per_clip = tuple(shape), seed, patches_per_clip
        self.kind, self.num_clips = kind, 0
        self._patches = {level: [] for level in pyramid_shapes(shape, kind)}

    @property
    def patches(self) -> dict[tuple[int, int, int], np.ndarray]:
        """For each level's shape, finest first, its patches [M, 3, frames x height x width]."""
        return {level: np.concatenate(patches) for level, patches in self._patches.items()}

    def update(self, clips: np.ndarray):
        """Adds `clips` [N, T, H, W, 3], uint8 grey levels or floats in [-1, 1].

        Raises:
            ValueError: the clips have another shape than the bank's.
        """
        if tuple(clips.shape[1:]) != (*self.shape, 3):
            raise ValueError(
                f"`clips` should have shape [N, {', '.join(map(str, self.shape))}, 3]. "
                f"Received: clips.shape={tuple(clips.shape)}"
            )
        for clip in clips:
            random = np.random.default_rng((self.seed, self.num_clips))
            clip = _thinned(_to_float(clip), self.kind, random, self.patches_per_clip)
            pyramid = laplacian_pyramid(tf.constant(clip[None]), self.kind)
            for band, patches in zip(pyramid, self._patches.values(), strict=True):
                patch = np.minimum(KINDS[self.kind][0], band.shape[1:4])
                band = band[0].numpy()
                patches.append(_random_patches(band, patch, random, self.patches_per_clip))
            self.num_clips += 1


def sliced_wasserstein(reals: PatchBank, fakes: PatchBank, seed: int = 0) -> dict[str, float]:
    """Distance x 1000 at each level ("8x32x32", finest first), and their "mean".

    Args:
        reals: the reference, whose mean and standard deviation normalise both sets.
        fakes: the set to score; with another number of clips, quantiles are interpolated.
        seed: of the directions.

    Raises:
        ValueError: the banks are of different shapes or kinds, or one is empty.
    """
    described = [f"{b.num_clips} of {b.shape}, {b.kind} patches" for b in (reals, fakes)]
    same = (reals.shape, reals.kind) == (fakes.shape, fakes.kind)
    if not same or not reals.num_clips or not fakes.num_clips:
        raise ValueError(
            "`reals` and `fakes` should hold clips of one shape and patches of one kind. "
            f"Received: {' and '.join(described)}"
        )
    random, scores = np.random.default_rng(seed), {}
    for (level, real), fake in zip(reals.patches.items(), fakes.patches.values(), strict=True):
        mean = real.mean(axis=(0, 2), keepdims=True)
        std = np.maximum(real.std(axis=(0, 2), keepdims=True), _QUIET)
        real, fake = (((p - mean) / std).reshape(len(p), -1) for p in (real, fake))
        slices = random.standard_normal((_DIRECTIONS, real.shape[1]), np.float32)
        slices /= np.linalg.norm(slices, axis=1, keepdims=True)
        distance = wasserstein_1d(slices @ real.T, slices @ fake.T)
        scores["x".join(map(str, level))] = 1e3 * float(distance.mean())
    return scores | {"mean": float(np.mean(list(scores.values())))}


def wasserstein_1d(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distance of the samples `a` [..., N] and `b` [..., M]: their mean difference once sorted."""
    short, long = sorted((np.sort(a), np.sort(b)), key=lambda x: x.shape[-1])
    n, m = short.shape[-1], long.shape[-1]
    place = (np.arange(n) + 0.5) * m / n - 0.5  # of the n quantiles among the m
    low = np.floor(place).astype(int)
    above, high = (place - low).astype(long.dtype), np.minimum(low + 1, m - 1)
    long = long[..., low] * (1 - above) + long[..., high] * above
    return np.abs(short - long).mean(axis=-1)


@tf.function  # A trace a shape: small clips take a third of the time.
def laplacian_pyramid(clips: tf.Tensor, kind: str = "joint") -> list[tf.Tensor]:
    """Splits `clips` [N, T, H, W, C] into bands, finest first; the last is the small clip."""
    shapes, bands = pyramid_shapes(clips.shape[1:4], kind), []
    for fine, coarse in zip(shapes, shapes[1:], strict=False):
        factors = fine[0] // coarse[0], fine[1] // coarse[1], fine[2] // coarse[2]
        small = downscale(clips, factors)
        bands.append(clips - upscale(small, factors))
        clips = small
    return [*bands, clips]


def pyramid_shapes(shape: tuple[int, int, int], kind: str = "joint") -> list[tuple[int, int, int]]:
    """(frames, height, width) of each level, finest first: (8, 16, 16), (4, 8, 8), (4, 4, 4)."""
    frames, height, width = shape
    shapes, (low, *lows) = [(frames, height, width)], KINDS[kind][1]
    while True:
        in_time, in_space = _halves([frames], [low]), _halves([height, width], lows)
        if in_time == in_space == 1:
            return shapes
        frames, height, width = frames // in_time, height // in_space, width // in_space
        shapes.append((frames, height, width))


def _halves(sizes, lows):
    """2 where all sizes are even and above their lowest, or else 1."""
    pairs = zip(sizes, lows, strict=True)
    return 2 if all(size > low and size % 2 == 0 for size, low in pairs) else 1


def _to_float(clip):
    """`clip` as float32 in [-1, 1]."""
    return clip / np.float32(127.5) - 1 if clip.dtype == np.uint8 else np.asarray(clip, np.float32)


def _thinned(clip, kind, random, max_patches):
    """The part of `clip` [T, H, W, C] that patches come from: some frames, or a row of pixels."""
    frames, height, width, channels = clip.shape
    if kind == "spatial":
        return clip[random.choice(frames, min(_FRAMES, frames), replace=False)]
    if kind == "temporal":
        pixels = random.choice(height * width, min(max_patches, height * width), replace=False)
        return clip.reshape(frames, 1, height * width, channels)[:, :, pixels]
    return clip


def _random_patches(clip, patch, random, max_patches):
    """Patches [M, C, t x h x w] of `clip` [T, H, W, C] at up to `max_patches` different places."""
    windows = np.lib.stride_tricks.sliding_window_view(clip, patch, axis=(0, 1, 2))
    places = windows.shape[:3]
    num = min(max_patches, math.prod(places))
    chosen = random.choice(math.prod(places), num, replace=False)
    return windows[np.unravel_index(chosen, places)].reshape(num, clip.shape[3], -1)
