"""Which clips a score compares, in which order: a reference, fakes, and two sets for the floor."""

import dataclasses

import numpy as np

from scoring.clip_sets import ClipSet
from scoring.feature_table import Features
from scoring.features import Extractor
from support.errors import UserError


@dataclasses.dataclass(frozen=True)
class RealFeatures:
    """Features of the reals."""

    reference: Features  # what fakes are compared with
    floor: tuple[Features, Features]  # two sets of equally many clips
    others: tuple[ClipSet, np.ndarray]  # clip set and indices of the second set of the floor


def real_features(
    extractor: Extractor, reals: ClipSet, size: int, seed: int, held_out: ClipSet | None = None
) -> RealFeatures:
    """Extracts the reals that `size` fakes are compared with, as many if there are.

    The floor is the distance that an exact sampler of the data would have: its first set is taken
    as the reference is, its second set is a random draw of other clips, as a sampler's clips are.
    The two have `size` clips each, or half of the reals.

    Args:
        extractor: network and protocol.
        reals: clip set of a data set.
        size: number of fakes.
        seed: of all random choices.
        held_out: clip set for the second set; by default other clips of `reals`.
    """
    order, labels = extractor.protocol.order, reals.labels()
    shuffled = np.random.default_rng(seed).permutation(len(reals))
    if held_out is not None:
        known = extractor.extract(reals, arrange(shuffled, labels, order)[:size])
        # Another stream of numbers: with one order in both sets, sorted classes would be paired.
        drawn = np.random.default_rng((seed, 2)).permutation(len(held_out))[: len(known)]
        second = extractor.extract(held_out, drawn)
        return RealFeatures(known, (known[: len(second)], second), (held_out, drawn))
    count = min(size, len(reals) // 2)
    drawn, rest = shuffled[:count], arrange(shuffled[count:], labels, order)[:size]
    taken = np.concatenate([rest, drawn])
    known = extractor.extract(reals, taken)
    reference = known[: len(rest)]
    if len(rest) < size:  # Fewer reals than two sets: the reference takes those of the floor too.
        reference = known.take(arrange(np.arange(len(taken)), labels[taken], order)[:size])
    return RealFeatures(reference, (known[:count], known[len(rest) :]), (reals, drawn))


def arrange(indices: np.ndarray, labels: np.ndarray, order: str) -> np.ndarray:
    """The order in which the reference takes clips `indices`, which are in random order.

    Args:
        indices: [M] of clips.
        labels: [N], the label of each clip of the set.
        order: "random" keeps the order. In "stratified" the classes take turns: each is equally
            frequent from the first clip on, as long as it has clips.
    """
    if order == "random":
        return indices
    labels, turns = labels[indices], np.empty(len(indices), int)
    for label in np.unique(labels):
        turns[labels == label] = np.arange((labels == label).sum())
    return indices[np.argsort(turns, kind="stable")]


def fake_order(fakes: ClipSet, seed: int) -> np.ndarray:
    """The order in which clips to score are taken: generated clips as made, others at random.

    Files are sorted by name, and names often contain the class.
    """
    if fakes.about["kind"] == "generator":
        return np.arange(len(fakes))
    return np.random.default_rng((seed, 1)).permutation(len(fakes))


def check_apart(reals: ClipSet, others: ClipSet, name: str):
    """Raises `UserError` where two clip sets are one data set; `name` is that of the second."""
    if others.about.get("sha256") == reals.about["sha256"]:
        raise UserError(
            f"`{name}` should be other clips than the reals. Received: the same data set"
        )
