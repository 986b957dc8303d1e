"""Changes to real clips, by name. A good measure gives changed clips a worse score.

    CONTROLS["shuffled"](clip, index)

Each takes a clip [T, H, W, 3] uint8 and its index in the set, and returns a clip of the same shape.
Random choices depend only on the index, not on earlier clips.
"""

import numpy as np

from support.deferred import cv2
from support.errors import UserError


def frozen(clip: np.ndarray, index: int) -> np.ndarray:
    """Replaces every frame by the middle one: pictures are real, nothing moves."""
    return np.repeat(clip[len(clip) // 2][None], len(clip), axis=0)


def shuffled(clip: np.ndarray, index: int) -> np.ndarray:
    """All frames in another, random order; raises `UserError` for a single frame."""
    if len(clip) < 2:
        raise UserError("Clips to shuffle should have at least 2 frames. Received: 1")
    random, order = np.random.default_rng((0, index)), np.arange(len(clip))
    while (order == np.arange(len(clip))).all():
        order = random.permutation(len(clip))
    return clip[order]


def noise(clip: np.ndarray, index: int, std: float = 20) -> np.ndarray:
    """Adds independent Gaussian noise of `std` grey levels to every value, cut off at 0 and 255."""
    added = np.random.default_rng((1, index)).standard_normal(clip.shape, np.float32)
    return _to_uint8(clip + std * added)


def blur(clip: np.ndarray, index: int, sigma: float = 0.02) -> np.ndarray:
    """Blurs each frame by a Gaussian with a standard deviation of `sigma` times the height."""
    pixels = sigma * clip.shape[1]
    return np.stack([cv2.GaussianBlur(frame, (0, 0), pixels) for frame in clip])


def half_size(clip: np.ndarray, index: int) -> np.ndarray:
    """Pools to half the height and width, as for the rung below, and repeats each pixel.

    The result is a perfect generator's clip at half the size. The thesis explains by such a round
    trip, from 64x64 to 128x128, why it reports inception scores of both 34.33 and 83.18 for real
    clips of UCF-101.

    Raises:
        UserError: height or width is odd.
    """
    height, width = clip.shape[1:3]
    if height % 2 or width % 2:
        raise UserError(
            "Clips to halve should have an even height and width. "
            f"Received: {height}x{width} (height x width)"
        )
    from growth.resample import downscale, upscale  # TensorFlow is needed only here.

    small = downscale(clip[None].astype(np.float32), (1, 2, 2))
    return _to_uint8(upscale(small, (1, 2, 2)).numpy()[0])


def _to_uint8(clip):
    return np.clip(np.rint(clip), 0, 255).astype(np.uint8)


CONTROLS = {
    "frozen": frozen,
    "shuffled": shuffled,
    "noise": noise,
    "blur": blur,
    "half_size": half_size,
}
