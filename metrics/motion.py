"""Motion energy: the mean change from frame to frame."""

import numpy as np


def motion_energy(clips: np.ndarray) -> np.ndarray:
    """Mean absolute difference of neighbouring frames, in grey levels of 0 to 255.

    Args:
        clips: [N, T, H, W, C], uint8 grey levels or floats in [-1, 1].

    Returns:
        [N]; 0 where every frame is the same.
    """
    if clips.shape[1] < 2:
        return np.zeros(len(clips))
    scale = 1 if clips.dtype == np.uint8 else 127.5
    change = np.abs(np.diff(np.asarray(clips, np.float32), axis=1))
    return scale * change.mean((1, 2, 3, 4))
