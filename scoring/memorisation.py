"""Whether a generator repeats its training clips: the nearest reals of its fakes."""

import numpy as np

from metrics.neighbours import memorisation_ratio, nearest
from scoring.features import Extractor
from scoring.score import real_order

_MOST = 10_000  # reals that are searched


def find_neighbours(
    extractor: Extractor,
    reals,
    fakes,
    held_out=None,
    *,
    shown: int = 8,
    count: int = 3,
    seed: int = 0,
) -> tuple[dict, np.ndarray]:
    """Looks for the nearest reals of fakes, in the protocol's features.

    Args:
        extractor: network and protocol.
        reals: clip set of the training clips.
        fakes: clip set of generated clips.
        held_out: clip set of reals that were not trained on. Without it a tenth of `reals` stands
            for them: the ratio then says how fakes lie among clips that were all trained on.
        shown: fakes in the picture.
        count: neighbours of each.
        seed: of the order in which reals are taken.

    Returns:
        "ratio", "nearest" (median distance of a fake to its nearest real) and what they depend on;
        and clips [shown, 1 + count, T, H, W, 3] uint8: fakes, each before its neighbours.
    """
    order = real_order(reals, "random", seed)[:_MOST]
    if held_out is None:
        share = max(len(order) // 10, 1)
        order, apart = order[share:], (reals, order[:share])
    else:
        apart = held_out, real_order(held_out, "random", seed)[:_MOST]
    known = extractor.extract(reals, order).values
    others = extractor.extract(*apart).values
    values = extractor.extract(fakes, range(len(fakes))).values
    indices, distances = nearest(values, known, min(count, len(known)))
    about = {
        "ratio": memorisation_ratio(values, known, others),
        "nearest": float(np.median(distances[:, 0])),
        "reals": len(known),
        "held_out": len(others),
        "fakes": len(values),
    }
    return about, _picture(reals, fakes, order[indices[:shown]])


def _picture(reals, fakes, neighbours):
    rows = []
    for index, row in enumerate(neighbours):
        fake = next(fakes.clips([index]))
        rows.append(np.stack([fake, *(_fitted(clip, fake.shape) for clip in reals.clips(row))]))
    return np.stack(rows)


def _fitted(clip, shape):
    """`clip` with the frames and the size of `shape` [T, H, W, 3], the nearest ones."""
    for axis in range(3):
        clip = np.take(clip, np.arange(shape[axis]) * clip.shape[axis] // shape[axis], axis)
    return clip
