"""A score and all that it depends on."""

import dataclasses
import platform

import keras
import numpy as np
import tensorflow as tf

from metrics.frechet_distance import frechet_distance
from metrics.inception_score import InceptionScore, balanced_score, perfect_score
from metrics.kernel_distance import kernel_distance
from metrics.preprocess import describe_frames
from scoring.features import Extractor, Features
from support.errors import UserError

DISTANCES = {"frechet_distance": frechet_distance, "kernel_distance": kernel_distance}
_LEAST = 4  # clips of a kind: two for each half of the floor
_SUBSETS = 4  # parts of the clips whose distances tell the spread


@dataclasses.dataclass(frozen=True)
class RealFeatures:
    """Features of the reals: those that fakes are compared with, and two sets for the floor."""

    reference: Features
    floor: tuple[Features, Features]  # of equally many clips; the first are in the reference
    others: tuple  # clip set and indices of the second set of the floor


def score(
    extractor: Extractor,
    reals,
    fakes,
    *,
    num: int | None = None,
    seed: int = 0,
    held_out=None,
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
        Plain values, for JSON: the measures with their floors, and whatever they depend on.

    Raises:
        UserError: there are too few clips.
    """
    protocol = extractor.protocol
    wanted = num or protocol.clips
    if min(wanted, len(reals), len(fakes)) < _LEAST:
        raise UserError(
            f"A score should have at least {_LEAST} clips of each kind. "
            f"Received: {len(reals)} reals, {len(fakes)} to score, {wanted} wanted"
        )
    seen = extractor.extract(fakes, range(min(wanted * protocol.repeats, len(fakes))))
    compared = seen[: min(wanted, len(seen))]
    real = real_features(extractor, reals, wanted, len(compared), seed, held_out)
    measures = {}
    if "inception_score" in protocol.measures:
        measures["inception_score"] = _inception(protocol, seen, real.reference)
    for name, distance in DISTANCES.items():
        if name in protocol.measures:
            measures[name] = _distance(distance, real, compared)
    return {
        "measures": measures,
        "controls": _controls(extractor, real, controls),
        "protocol": dataclasses.asdict(protocol),
        "network": extractor.about,
        "reals": reals.about | {"scored": len(real.reference), "pixels": real.reference.sha256},
        "fakes": fakes.about | {"scored": len(seen), "pixels": seen.sha256},
        "held_out": held_out and held_out.about,
        "frames": describe_frames(next(fakes.clips([0])).shape[0], protocol),
        "seed": seed,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }


def real_features(extractor, reals, wanted, num_fakes, seed, held_out=None) -> RealFeatures:
    """Extracts the reals that `num_fakes` fakes are compared with, `wanted` if there are as many.

    The floor takes two sets of reals as large as the set of fakes, or half of the reals each.
    """
    order = real_order(reals, extractor.protocol.order, seed)
    num_reference = min(wanted, len(order))
    if held_out is None:
        num_floor = min(num_fakes, len(order) // 2)
        known = extractor.extract(reals, order[: max(num_reference, 2 * num_floor)])
        others = reals, order[num_floor : 2 * num_floor]
        second = known[num_floor : 2 * num_floor]
    else:
        num_floor = min(num_fakes, num_reference, len(held_out))
        known = extractor.extract(reals, order[:num_reference])
        others = held_out, real_order(held_out, extractor.protocol.order, seed)[:num_floor]
        second = extractor.extract(*others)
    return RealFeatures(known[:num_reference], (known[:num_floor], second), others)


def real_order(reals, order: str, seed: int) -> np.ndarray:
    """The order in which reals are taken, as indices [N].

    "sorted": class after class. "random": a permutation. "balanced": a permutation in which the
    classes take turns, so that its beginning holds as many of each as there can be.
    """
    if order == "sorted":
        return np.argsort(reals.labels(), kind="stable")
    shuffled = np.random.default_rng(seed).permutation(len(reals))
    if order == "random":
        return shuffled
    labels = reals.labels()[shuffled]
    turn = np.empty(len(labels), int)  # how many of its class come before a clip
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return shuffled[np.argsort(turn, kind="stable")]


def _inception(protocol, fakes, reals):
    num_classes = fakes.probabilities.shape[1]
    value, spread = _inception_score(protocol, fakes, protocol.repeats)
    real_value, real_spread = _inception_score(protocol, reals, 1)
    in_split = max(len(fakes) // (protocol.splits * protocol.repeats), 1)
    return {
        "value": value,
        "spread": spread,
        "reals": real_value,
        "reals_spread": real_spread,
        "perfect": perfect_score(num_classes, in_split),
        "most": balanced_score(num_classes, in_split),
        "clips": len(fakes),
        "classes": num_classes,
    }


def _inception_score(protocol, features, repeats):
    splits = min(protocol.splits * repeats, len(features))
    metric = InceptionScore(
        features.probabilities.shape[1], len(features), splits, protocol.epsilon
    )
    metric.update_state(features.probabilities)
    result = metric.result()
    return float(result["mean"]), float(result["std"])


def _distance(distance, real, fakes):
    first, second = (features.values for features in real.floor)
    reference, values = real.reference.values, fakes.values
    count = min(len(reference), len(values)) // _SUBSETS
    parts = [slice(i * count, (i + 1) * count) for i in range(_SUBSETS)] if count > 1 else []
    of_parts = [distance(reference[part], values[part]) for part in parts]
    return {
        "value": distance(reference, values),
        "clips": len(values),
        "floor": distance(first, second),
        "floor_clips": len(first),
        "at_floor_clips": distance(first, values[: len(first)]),
        "subset_clips": count,
        "subset_mean": float(np.mean(of_parts)) if parts else None,
        "spread": float(np.std(of_parts)) if parts else None,
    }


def _controls(extractor, real, names):
    """Each measure of changed reals, and of the same reals unchanged."""
    if not names:
        return {}
    first, second = real.floor
    changed = {"unchanged": second}
    changed |= {name: extractor.extract(*real.others, control=name) for name in names}
    measures = extractor.protocol.measures
    found = {}
    for name, features in changed.items():
        found[name] = {
            m: d(first.values, features.values) for m, d in DISTANCES.items() if m in measures
        }
        if "inception_score" in measures:
            found[name]["inception_score"] = _inception_score(extractor.protocol, features, 1)[0]
    return found
