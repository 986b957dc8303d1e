"""Whether a generator repeats its training clips: the nearest reals of its fakes."""

import numpy as np

from metrics.neighbours import memorisation_ratio, nearest, nearest_within
from scoring.clip_sets import ClipSet
from scoring.features import Extractor
from scoring.selection import check_apart, fake_order
from support.errors import UserError


def find_neighbours(
    extractor: Extractor,
    reals: ClipSet,
    fakes: ClipSet,
    held_out: ClipSet | None = None,
    *,
    num: int = 256,
    shown: int = 8,
    count: int = 3,
    seed: int = 0,
) -> tuple[dict, np.ndarray]:
    """Finds the nearest reals of fakes, in the protocol's features.

    Fakes that were made for labels are compared with the reals of their class, and so are the
    held-out clips that have one of these labels.

    Args:
        extractor: network and protocol.
        reals: clip set of the training clips.
        fakes: clip set of generated clips.
        held_out: clip set of reals that were not trained on. Without it a tenth of `reals` is
            used, which the generator may have been trained on.
        num: maximum number of fakes.
        shown: number of fakes in the picture.
        count: number of neighbours per fake.
        seed: of the order in which reals are taken.

    Returns:
        "ratio", "nearest" (median distance of a fake to its nearest real) and all that they depend
        on; and clips [shown, 1 + count, T, H, W, 3] uint8: fakes, each before its neighbours.

    Raises:
        UserError: there are fewer than two training clips or no fake, or `held_out` is `reals`.
    """
    if len(reals) < 2 or len(fakes) < 1:
        raise UserError(
            "A memorisation check should have at least two training clips and one fake. "
            f"Received: {len(reals)} and {len(fakes)}"
        )
    order = np.random.default_rng(seed).permutation(len(reals))
    if held_out is None:
        share = max(len(order) // 10, 1)
        order, apart = order[share:], (reals, order[:share])
    else:
        check_apart(reals, held_out, "held_out")
        apart = held_out, np.arange(len(held_out))
    made = fake_order(fakes, seed)[:num]
    asked, given = fakes.labels()[made], reals.labels()[order]
    labelled = _of_classes(apart[0], apart[1], reals.label_names, given)
    within_classes = len(labelled) > 0 and set(asked) <= set(given) - {-1}
    if within_classes:
        apart = apart[0], labelled
    known = extractor.extract(reals, order).values
    others = extractor.extract(*apart).values
    values = extractor.extract(fakes, made).values
    if within_classes:
        labels = asked, given, apart[0].labels()[labelled]
        count = min(count, *(int(np.sum(labels[1] == label)) for label in set(labels[0])))
        indices, distances = nearest_within(values, labels[0], known, labels[1], count)
        ratio = memorisation_ratio(values, known, others, labels)
    else:
        indices, distances = nearest(values, known, min(count, len(known)))
        ratio = memorisation_ratio(values, known, others)
    about = {
        "ratio": ratio,
        "within_classes": within_classes,
        "nearest": float(np.median(distances[:, 0])),
        "reals": len(known),
        "held_out": len(others),
        "fakes": len(values),
    }
    return about, _picture(reals, fakes, made, order[indices[:shown]])


def _of_classes(clips, indices, names, given):
    """Those of `indices` whose clips have one of the labels `given`; none with other names."""
    if clips.label_names != names:
        return indices[:0]
    labels = clips.labels()[indices]
    return indices[(labels >= 0) & np.isin(labels, given)]


def _picture(reals, fakes, made, neighbours):
    rows, shape = [], None
    for fake, row in zip(fakes.clips(made[: len(neighbours)]), neighbours, strict=True):
        shape = shape or fake.shape
        rows.append(np.stack([_fitted(clip, shape) for clip in (fake, *reals.clips(row))]))
    return np.stack(rows)


def _fitted(clip, shape):
    """`clip` resized to `shape` [T, H, W, 3] by nearest neighbours."""
    for axis in range(3):
        clip = np.take(clip, np.arange(shape[axis]) * clip.shape[axis] // shape[axis], axis)
    return clip
