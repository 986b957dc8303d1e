"""Content consistency over time: how far the frames of a clip are apart in what they show.

The average content distance of MoCoGAN (Tulyakov et al. 2018, section 4) is the mean distance of
all pairs of frames of a clip, by a feature that should stay the same: of a face its identity, of a
moving shape its colour. A frozen clip reaches 0: read it with the motion energy.
"""

import numpy as np

_SHARE = 0.5  # of the largest distance to the ground, beyond which a pixel belongs to the shape
_MIN_CONTRAST = 8.0  # grey levels; with less there is no shape, and the whole frame counts


def content_distance(features: np.ndarray) -> float:
    """The mean Euclidean distance of all pairs of frames.

    Args:
        features: [T, D], one row per frame.

    Returns:
        0 for one frame.
    """
    features = np.asarray(features, np.float64)
    first, second = np.triu_indices(len(features), 1)
    if not len(first):
        return 0.0
    return float(np.linalg.norm(features[first] - features[second], axis=1).mean())


def shape_colours(clip: np.ndarray) -> np.ndarray:
    """The mean colour of the shape in each frame of a clip, in grey levels.

    The ground is the median colour of the clip's pixels. A pixel belongs to the shape where its
    distance to the ground is more than half of the largest in its frame.

    Args:
        clip: [T, H, W, 3] uint8, a shape that covers less than half of an even ground.

    Returns:
        [T, 3] float64.
    """
    pixels = clip.reshape(len(clip), -1, 3).astype(np.float64)
    away = np.linalg.norm(pixels - np.median(pixels, (0, 1)), axis=2)  # [T, HW]
    largest = away.max(1, keepdims=True)
    shape = (away > _SHARE * largest) | (largest < _MIN_CONTRAST)
    return (pixels * shape[..., None]).sum(1) / shape.sum(1, keepdims=True)
