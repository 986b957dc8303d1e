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
from scoring.features import Extractor
from scoring.measures import distances, inception_score
from scoring.selection import check_apart, fake_order, real_features
from support.errors import UserError
from support.script import say

_MIN_CLIPS = 4  # of a kind: two for each half of the floor
_FEW_CLIPS = 256  # below this number a warning is printed
_SUBSETS = 4  # parts of the clips whose distances give the spread


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
        num: number of clips, by default the protocol's; fewer where a set holds fewer.
        seed: of the order in which clips are taken.
        held_out: clip set of reals for the floor; by default other clips of `reals`.
        controls: names of changes to reals (`metrics.controls`) that are scored too.

    Returns:
        Plain values, for JSON: the measures with their floors, and all that they depend on.

    Raises:
        UserError: there are too few clips, two sets are the same, or all reals are one clip.
    """
    protocol = extractor.protocol
    wanted = num or protocol.clips
    check_counts(wanted, len(reals), len(fakes))
    check_apart(reals, fakes, "fakes")
    if held_out is not None:
        check_counts(wanted, len(held_out), len(fakes))
        check_apart(reals, held_out, "held_out")
    size = min(wanted, len(fakes))
    repeats = min(protocol.repeats, len(fakes) // size)
    real = real_features(extractor, reals, size, seed, held_out)
    _check_variety(reals, real)
    seen = extractor.extract(fakes, fake_order(fakes, seed)[: size * repeats])
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


def _check_variety(reals, real):
    """Refuses reals that have no distribution, and warns of few clips."""
    if len(set(real.reference.digests)) == 1:
        raise UserError(
            f"Cannot score against {reals.about.get('folder', 'the reals')}: all "
            f"{len(real.reference)} clips are the same. Use a data set of different clips."
        )
    few = min(len(real.reference), len(real.floor[1]))
    if few < _FEW_CLIPS:
        say(
            f"Warning: a score of {few} clips depends on their number more than on the generator. "
            f"Use at least {_FEW_CLIPS}, or compare it only with the floor."
        )


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
    found = inception_score(fakes, splits, protocol.epsilon)
    # Parts of reals and fakes have the same size, since the score rises with it.
    real_splits = max(len(reals) // in_split, 1)
    of_reals = reals[: real_splits * in_split]
    real = inception_score(of_reals, real_splits, protocol.epsilon)
    return {
        "value": found["mean"],
        "spread": found["std"],
        "class_entropy": found["class_entropy"],
        "clip_entropy": found["clip_entropy"],
        "reals": real["mean"],
        "reals_spread": real["std"],
        "reals_class_entropy": real["class_entropy"],
        "reals_clip_entropy": real["clip_entropy"],
        "perfect": perfect_score(fakes.num_classes, in_split),
        "max": balanced_score(fakes.num_classes, in_split),
        "clips": len(fakes),
        "splits": splits,
        "clips_in_split": in_split,
        "reals_in_split": len(of_reals) // real_splits,
        "classes": fakes.num_classes,
    }


def _distances(names, real, fakes):
    """What a score holds of each distance."""
    first, second = real.floor
    few = len(first)
    values = distances(names, real.reference, fakes)
    floors = distances(names, first, second)
    # The floor may have fewer clips: the score with as many is comparable to it.
    few_values = distances(names, first, fakes[:few]) if few < len(fakes) else {}
    count, of_parts = _distances_of_parts(names, real.reference, fakes)
    floor_count, floors_of_parts = _distances_of_parts(names, first, second)
    return {
        name: {
            "value": value,
            "clips": len(fakes),
            "floor": floors[name],
            "floor_clips": few,
            "at_floor_clips": few_values.get(name),
            "subset_clips": count,
            "subset_mean": _mean(of_parts, name),
            "spread": _std(of_parts, name),
            "floor_subset_clips": floor_count,
            "floor_subset_mean": _mean(floors_of_parts, name),
            "floor_spread": _std(floors_of_parts, name),
        }
        for name, value in values.items()
    }


def _distances_of_parts(names, first, second):
    """The number of clips in a part of the sets, and the distances of each pair of parts."""
    count = min(len(first), len(second)) // _SUBSETS
    if count < 2:
        return count, []
    parts = [slice(i * count, (i + 1) * count) for i in range(_SUBSETS)]
    return count, [distances(names, first[part], second[part]) for part in parts]


def _mean(found, name):
    return float(np.mean([part[name] for part in found])) if found else None


def _std(found, name):
    return float(np.std([part[name] for part in found])) if found else None


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
        found["inception_score"] = inception_score(changed, splits, protocol.epsilon)["mean"]
    return found
