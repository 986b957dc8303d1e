"""All measures of a set of clips together: a row of a table that compares generators."""

import numpy as np

from metrics.motion import motion_energy
from metrics.sliced_wasserstein import PatchBank, sliced_wasserstein
from scoring.clip_sets import ClipSet
from scoring.features import Extractor
from scoring.memorisation import find_neighbours
from scoring.score import score
from scoring.selection import fake_order

_MAX_PATCHED = 512  # clips that the sliced Wasserstein distance compares
_MAX_NEAR = 256  # clips whose nearest reals are looked for
_OF_SCORE = ("value", "spread", "reals", "floor")


def measure_row(
    extractor: Extractor,
    reals: ClipSet,
    fakes: ClipSet,
    held_out: ClipSet,
    *,
    num: int,
    seed: int = 0,
    same_size: tuple[ClipSet, ClipSet] | None = None,
    memorisation: bool = True,
) -> dict:
    """Measures clips against reals, and reals that were not trained on against the same.

    Args:
        extractor: network and protocol of the scores.
        reals: the training clips, at their full size.
        fakes: the clips to measure.
        held_out: reals that were not trained on.
        num: clips of a score, as `scoring.score` takes it.
        seed: of the order in which clips are taken.
        same_size: `reals` and `held_out` at the size of the fakes, where that is another one.
        memorisation: whether to look for the nearest training clips, which takes longest.

    Returns:
        "inception_score" and the distances of the protocol, each with "<name>_spread" and
        "<name>_reals" or "<name>_floor"; "swd" and "swd_floor", x 1000; "motion" and
        "motion_reals", in grey levels per frame; "memorisation"; "clips"; and "details", all that
        the scores depend on.

    Raises:
        UserError: as `scoring.score.score` does.
    """
    details = score(extractor, reals, fakes, num=num, seed=seed, held_out=held_out)
    row = {"clips": details["fakes"]["scored"]}
    for name, values in details["measures"].items():
        kept = {key: values[key] for key in _OF_SCORE if key in values}
        row |= {name if key == "value" else f"{name}_{key}": kept[key] for key in kept}
    row |= _patches(*(same_size or (reals, held_out)), fakes, min(num, _MAX_PATCHED), seed)
    if memorisation:
        count = min(num, _MAX_NEAR)
        near, _ = find_neighbours(
            extractor, reals, fakes, held_out, num=count, shown=1, count=1, seed=seed
        )
        row["memorisation"] = near["ratio"]
    return row | {"details": details}


def _patches(reals, held_out, fakes, num, seed):
    """Sliced Wasserstein distance and motion energy, which need no network."""
    # Each set has a stream of numbers of its own: with one order, sorted classes would be paired,
    # and held-out clips would be measured twice where `fakes` are others of them.
    known, others = (
        _gather(clips, np.random.default_rng((seed, stream)).permutation(len(clips))[:num], seed)
        for stream, clips in ((0, reals), (4, held_out))
    )
    made = _gather(fakes, fake_order(fakes, seed)[:num], seed)
    return {
        "swd": sliced_wasserstein(known[0], made[0])["mean"],
        "swd_floor": sliced_wasserstein(known[0], others[0])["mean"],
        "motion": made[1],
        "motion_reals": known[1],
    }


def _gather(clips, indices, seed):
    """The patches of some clips, and their mean motion energy."""
    shape = next(clips.clips(indices[:1])).shape[:3]
    bank, energies = PatchBank(shape, seed), []
    for clip in clips.clips(indices):
        bank.update(clip[None])
        energies.extend(motion_energy(clip[None]))
    return bank, float(np.mean(energies))
