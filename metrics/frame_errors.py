"""How far predicted frames are from those that followed: PSNR, SSIM, squared and absolute errors.

All are of frames in [0, 1], a value per frame, so that they can be averaged over frames and clips
or shown by frame. PSNR is of each frame (the PSNR of a mean squared error over frames is another,
smaller number). SSIM is that of Wang et al. 2004 with a Gaussian window of 11x11 and deviation 1.5,
at the places where the window fits, averaged over channels.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

MAX_PSNR = 100.0  # of equal frames, whose PSNR is infinite
_WINDOW = 11  # of SSIM
# Which of two values is the better one.
BETTER = {
    "psnr": max,
    "ssim": max,
    "mse": min,
    "mae": min,
    "mse_sum": min,
    "mae_sum": min,
    "lpips": min,
}


def frame_errors(
    reals: np.ndarray,
    fakes: np.ndarray,
    lpips: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Compares frames with those at the same place.

    Args:
        reals: [N, T, H, W, C] float32 in [0, 1].
        fakes: the same shape; values beyond [0, 1] are cut off.
        lpips: another distance of frames, `metrics.lpips.LPIPS`.

    Returns:
        [N, T] each: "psnr" in dB, "ssim", "mse" and "mae" per value, and "mse_sum" and "mae_sum",
        the sums over the values of a frame. Frames below 11x11 have no "ssim". "lpips" where it is
        given.
    """
    fakes = np.clip(fakes, 0, 1)
    errors, values = fakes - reals, int(np.prod(reals.shape[2:]))
    mse = np.mean(np.square(errors), (2, 3, 4), dtype=np.float64)
    mae = np.mean(np.abs(errors), (2, 3, 4), dtype=np.float64)
    psnr = np.minimum(-10 * np.log10(np.maximum(mse, 1e-30)), MAX_PSNR)
    found = {"psnr": psnr}
    if min(reals.shape[2:4]) >= _WINDOW:
        found["ssim"] = tf.image.ssim(reals, fakes, 1.0).numpy().astype(np.float64)
    if lpips:
        found["lpips"] = lpips(reals, fakes)
    return found | {"mse": mse, "mae": mae, "mse_sum": mse * values, "mae_sum": mae * values}


def sharpness(frames: np.ndarray) -> np.ndarray:
    """The mean |Laplacian| of frames in grey levels: large where edges are sharp, or in noise.

    Args:
        frames: [..., H, W, C] in [0, 1].

    Returns:
        [...], of each frame.
    """
    frames = 255 * np.clip(frames, 0, 1)
    inner = frames[..., 1:-1, 1:-1, :]
    rows = frames[..., :-2, 1:-1, :] + frames[..., 2:, 1:-1, :]
    columns = frames[..., 1:-1, :-2, :] + frames[..., 1:-1, 2:, :]
    return np.abs(rows + columns - 4 * inner).mean((-3, -2, -1), dtype=np.float64)
