"""Whether a generator of classes makes the class that is asked for.

A classifier of real clips is asked for the class of each generated clip. Its accuracy is known as
GAN-test (Shmelkov et al. 2018), and as MoCoGAN's motion control score. The reverse, GAN-train, is
`Classifier` trained on generated clips.
"""

from typing import Any

import numpy as np

from scoring.clip_sets import ClipSet, RecordClips
from scoring.feature_table import Features
from scoring.features import Extractor
from scoring.measures import distances
from support.errors import UserError

_MIN_CLIPS = 2  # of a class, for a distance
_DISTANCE = "frechet_distance"


def label_scores(
    extractor: Extractor,
    reals: RecordClips,
    fakes: ClipSet,
    *,
    num: int,
    seed: int = 0,
    held_out: RecordClips | None = None,
) -> dict[str, Any]:
    """Classifies fakes and reals, and compares them class by class.

    Args:
        extractor: a classifier of the labels of `reals`, with its protocol.
        reals: labelled clips.
        fakes: clips that were made for labels.
        num: maximum number of clips of each kind.
        seed: of the choice of reals.
        held_out: reals that the classifier was not trained on, to measure it; by default `reals`.

    Returns:
        Plain values, for JSON: "accuracy" of "fakes" and "reals", and of both with shuffled frames;
        "confusion" of both, with rows of the class that was asked for; "classes", for each its
        accuracy and its Frechet distance with the floor of equally many reals; and
        "intra_frechet_distance" and "intra_floor", their means over classes.

    Raises:
        UserError: the classifier or `held_out` has other classes, or a clip has no label.
    """
    names = reals.label_names
    known = extractor.about.get("class_names", names)
    if list(known) != list(names) or not names:
        raise UserError(
            f"`weights` should classify {', '.join(names) or 'labelled clips'}. "
            f"Received: classes {', '.join(known) or 'without names'}"
        )
    asked = fakes.labels()[:num]
    if asked.min() < 0:
        raise UserError("The clips to score should be made for labels. Received: some without one")
    judged = reals if held_out is None else held_out
    if judged.label_names != names:
        raise UserError(
            f"`held_out` should have the labels {', '.join(names)}. "
            f"Received: {', '.join(judged.label_names) or 'none'}"
        )
    chosen = _choose(judged, num, seed)
    true = judged.labels()[chosen]
    order = np.arange(len(asked))
    made, real = extractor.extract(fakes, order), extractor.extract(judged, chosen)
    shuffled = {
        "fakes": extractor.extract(fakes, order, "shuffled"),
        "reals": extractor.extract(judged, chosen, "shuffled"),
    }
    confusion = {"fakes": _confusion(asked, made), "reals": _confusion(true, real)}
    reference = _choose(reals, 2 * num, seed)
    within = _within_classes(
        reals.labels()[reference], extractor.extract(reals, reference), asked, made, len(names)
    )
    classes = [
        {
            "name": name,
            "accuracy": _share(confusion["fakes"][number], number),
            "accuracy_reals": _share(confusion["reals"][number], number),
            **within[number],
        }
        for number, name in enumerate(names)
    ]
    return {
        "clips": len(asked),
        "accuracy": {
            "fakes": _accuracy(asked, made),
            "fakes_shuffled": _accuracy(asked, shuffled["fakes"]),
            "reals": _accuracy(true, real),
            "reals_shuffled": _accuracy(true, shuffled["reals"]),
        },
        "coverage": float(np.mean(confusion["fakes"].sum(0) > 0)),
        "confusion": {kind: counts.tolist() for kind, counts in confusion.items()},
        "classes": classes,
        f"intra_{_DISTANCE}": _mean(classes, _DISTANCE),
        "intra_floor": _mean(classes, "floor"),
        "network": extractor.about,
        "reals": reals.about,
        "held_out": judged.about,
        "fakes": fakes.about,
        "seed": seed,
    }


def _choose(clips, num, seed):
    """`num` random clips that have a label."""
    labelled = np.flatnonzero(clips.labels() >= 0)
    return np.random.default_rng(seed).permutation(labelled)[:num]


def _confusion(labels, features: Features):
    """How often a clip of each class (row) was taken for each class (column), [C, C] int."""
    counts = np.zeros((features.num_classes, features.num_classes), int)
    np.add.at(counts, (labels, features.probabilities.argmax(1)), 1)
    return counts


def _accuracy(labels, features):
    return float(np.mean(features.probabilities.argmax(1) == labels))


def _share(row, number):
    """The share of a class that was recognised; None where no clip of it was looked at."""
    return float(row[number] / row.sum()) if row.sum() else None


def _within_classes(labels, reals, asked, fakes, num_classes):
    """For each class the distance of fakes and the floor, between sets of the same size."""
    found = []
    for number in range(num_classes):
        real, made = np.flatnonzero(labels == number), np.flatnonzero(asked == number)
        count = min(len(real) // 2, len(made))
        if count < _MIN_CLIPS:
            found.append({_DISTANCE: None, "floor": None, "clips": count})
            continue
        first, second = reals.take(real[:count]), reals.take(real[count : 2 * count])
        value = distances([_DISTANCE], first, fakes.take(made[:count]))[_DISTANCE]
        floor = distances([_DISTANCE], first, second)[_DISTANCE]
        found.append({_DISTANCE: value, "floor": floor, "clips": count})
    return found


def _mean(classes, key):
    """The mean over the classes that have a value; None where none has one."""
    values = [found[key] for found in classes if found[key] is not None]
    return float(np.mean(values)) if values else None
