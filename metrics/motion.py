"""Motion energy: how much a clip changes from frame to frame."""

import numpy as np


def motion_energy(clips: np.ndarray) -> np.ndarray:
    """Mean absolute difference of neighbouring frames, in grey levels of 0 to 255.

    Args:
        clips: [N, T, H, W, C] in [-1, 1].

    Returns:
        [N]; 0 where every frame is the same.
    """
    change = np.abs(np.diff(np.asarray(clips, np.float32), axis=1))
    return 127.5 * change.mean((1, 2, 3, 4)) if clips.shape[1] > 1 else np.zeros(len(clips))
