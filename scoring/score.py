"""A score and all that it depends on."""

import dataclasses
import platform

import av
import cv2
import keras
import numpy as np
import tensorflow as tf

from metrics.inception_score import balanced_score, perfect_score
from metrics.preprocess import describe_frames
from scoring.clip_sets import ClipSet
from scoring.feature_table import Features
from scoring.features import Extractor
from scoring.measures import distances, inception_score
from support.errors import UserError

_MIN_CLIPS = 4  # of a kind: two for each half of the floor
_SUBSETS = 4  # parts of the clips whose distances give the spread


@dataclasses.dataclass(frozen=True)
class RealFeatures:
    """Features of the reals: those that fakes are compared with, and two sets for the floor."""

    reference: Features
    floor: tuple[Features, Features]  # of equally many clips
    others: tuple[ClipSet, np.ndarray]  # clip set and indices of the second set of the floor


def score(
    extractor: Extractor,
    reals: ClipSet,
    fakes: ClipSet,
    *,
    num: int | None = None,
    seed: int = 0,
    held_out: ClipSet | None = None,
    controls: tuple[str, ...] = (),
) -> dict:
    """Scores fakes against reals by the extractor's protocol.

    Args:
        extractor: network and protocol.
        reals: clip set of a data set.
        fakes: clip set to score.
        num: clips in place of the protocol's number; fewer where a set holds fewer.
        seed: of the order in which reals are taken.
        held_out: clip set of reals for the floor; by default other clips of `reals`.
        controls: names of changes to reals (`metrics.controls`) that are scored too.

    Returns:
        Plain values, for JSON: the measures with their floors, and all that they depend on.

    Raises:
        UserError: there are too few clips.
    """
    protocol = extractor.protocol
    wanted = num or protocol.clips
    check_counts(wanted, len(reals), len(fakes))
    check_apart(reals, fakes, "what is scored")
    if held_out:
        check_apart(reals, held_out, "--held_out")
    size = min(wanted, len(fakes))
    repeats = min(protocol.repeats, len(fakes) // size)
    seen = extractor.extract(fakes, fake_order(fakes, seed)[: size * repeats])
    real = real_features(extractor, reals, size, seed, held_out)
    measures = {}
    if "inception_score" in protocol.measures:
        measures["inception_score"] = _inception(protocol, seen, repeats, real.reference)
    measures |= _distances(protocol.measures, real, seen[:size])
    first, second = real.floor
    return {
        "measures": measures,
        "controls": _controls(extractor, real, controls),
        "protocol": dataclasses.asdict(protocol),
        "network": extractor.about,
        "reals": _record(extractor, reals, real.reference) | {"floor_pixels": first.sha256},
        "held_out": _record(extractor, held_out or reals, second),
        "fakes": _record(extractor, fakes, seen),
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            **{module.__name__: module.__version__ for module in (keras, np, cv2, av)},
        },
    }


def check_counts(wanted: int, num_reals: int, num_fakes: int):
    """Raises `UserError` where there are too few clips for a score."""
    if min(wanted, num_reals, num_fakes) < _MIN_CLIPS:
        raise UserError(
            f"A score should have at least {_MIN_CLIPS} clips of each kind. "
            f"Received: {num_reals} reals, {num_fakes} to score, {wanted} wanted"
        )


def check_apart(reals: ClipSet, others: ClipSet, name: str):
    """Raises `UserError` where two clip sets are one data set."""
    if others.about.get("sha256") == reals.about["sha256"]:
        raise UserError(
            f"{name} should be other clips than those of --data. Received: the same data set"
        )


def real_features(
    extractor: Extractor, reals: ClipSet, size: int, seed: int, held_out: ClipSet | None = None
) -> RealFeatures:
    """Extracts the reals that `size` fakes are compared with, as many if there are.

    The floor takes two sets of reals as large, or half of the reals each. Classes are shared out
    between the two evenly.
    """
    order = real_order(reals, extractor.protocol.order, seed)
    if held_out is None:
        known = extractor.extract(reals, order[: 2 * size])
        taken = order[: len(known)]
        second = _every_second(reals.labels()[taken])
        count = min(size, second.sum(), (~second).sum())
        indices = [np.flatnonzero(part)[:count] for part in (~second, second)]
        floor = known[indices[0]], known[indices[1]]
        others = reals, taken[indices[1]]
    else:
        known = extractor.extract(reals, order[:size])
        others = held_out, real_order(held_out, extractor.protocol.order, seed)[: len(known)]
        second = extractor.extract(*others)
        floor = known[: len(second)], second
    return RealFeatures(known[:size], floor, others)


def real_order(reals: ClipSet, order: str, seed: int) -> np.ndarray:
    """The order in which reals are taken, as indices [N].

    "random": a permutation. "balanced": a permutation in which the classes take turns, so that its
    beginning holds as many of each as there can be.
    """
    shuffled = np.random.default_rng(seed).permutation(len(reals))
    if order == "random":
        return shuffled
    return shuffled[np.argsort(_turns(reals.labels()[shuffled]), kind="stable")]


def fake_order(fakes: ClipSet, seed: int) -> np.ndarray:
    """The order in which clips to score are taken: as made, or of files a permutation.

    Files lie sorted by name, and names often tell the class.
    """
    if fakes.about["kind"] == "generator":
        return np.arange(len(fakes))
    return np.random.default_rng((seed, 1)).permutation(len(fakes))


def _turns(labels):
    """How many clips of the same label come before each, [N]."""
    turns = np.empty(len(labels), int)
    for label in np.unique(labels):
        turns[labels == label] = np.arange((labels == label).sum())
    return turns


def _every_second(labels):
    """Marks every second clip of each label; odd ones out are shared by the labels in turn."""
    _, classes = np.unique(labels, return_inverse=True)
    return (_turns(labels) + classes) % 2 == 1


def _record(extractor, clips, features):
    frames = next(clips.clips([0])).shape[0]
    return clips.about | {
        "scored": len(features),
        "pixels": features.sha256,
        "frames": describe_frames(frames, extractor.protocol),
    }


def _inception(protocol, fakes, repeats, reals):
    splits = min(protocol.splits * repeats, len(fakes))
    in_split = len(fakes) // splits
    value, spread = inception_score(fakes, splits, protocol.epsilon)
    # Parts of the reals are as large as those of the fakes: the score rises with their size.
    real_splits = max(len(reals) // in_split, 1)
    of_reals = reals[: real_splits * in_split]
    real_value, real_spread = inception_score(of_reals, real_splits, protocol.epsilon)
    num_classes = fakes.probabilities.shape[1]
    return {
        "value": value,
        "spread": spread,
        "reals": real_value,
        "reals_spread": real_spread,
        "perfect": perfect_score(num_classes, in_split),
        "most": balanced_score(num_classes, in_split),
        "clips": len(fakes),
        "splits": splits,
        "clips_in_split": in_split,
        "reals_in_split": len(of_reals) // real_splits,
        "classes": num_classes,
    }


def _distances(names, real, fakes):
    """What a score holds of each distance."""
    first, second = real.floor
    few, count = len(first), min(len(real.reference), len(fakes)) // _SUBSETS
    parts = [slice(i * count, (i + 1) * count) for i in range(_SUBSETS)] if count > 1 else []
    values = distances(names, real.reference, fakes)
    floors = distances(names, first, second)
    # With as many clips as the floor, where that has fewer.
    few_values = distances(names, first, fakes[:few]) if few < len(fakes) else {}
    of_parts = [distances(names, real.reference[part], fakes[part]) for part in parts]
    return {
        name: {
            "value": value,
            "clips": len(fakes),
            "floor": floors[name],
            "floor_clips": len(first),
            "at_floor_clips": few_values.get(name),
            "subset_clips": count,
            "subset_mean": float(np.mean([part[name] for part in of_parts])) if parts else None,
            "spread": float(np.std([part[name] for part in of_parts])) if parts else None,
        }
        for name, value in values.items()
    }


def _controls(extractor, real, names):
    """Each measure of changed reals, and of the same reals unchanged."""
    if not names:
        return {}
    first, second = real.floor
    changed = {"unchanged": second}
    changed |= {name: extractor.extract(*real.others, control=name) for name in names}
    return {name: _control(extractor.protocol, first, part) for name, part in changed.items()}


def _control(protocol, first, changed):
    found = distances(protocol.measures, first, changed)
    if "inception_score" in protocol.measures:
        splits = min(protocol.splits, len(changed))
        found["inception_score"], _ = inception_score(changed, splits, protocol.epsilon)
    return found
