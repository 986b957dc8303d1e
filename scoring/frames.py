"""Measures of frames: the score of single frames, quality over time, and content consistency."""

from collections.abc import Callable, Mapping

import numpy as np

from metrics.consistency import content_distance, shape_colours
from metrics.motion import motion_energy
from scoring.changed_clips import ChangedClips
from scoring.clip_sets import ClipSet
from scoring.features import Extractor
from scoring.measures import distances
from scoring.score import score
from scoring.selection import fake_order
from scoring.single_frames import SingleFrames, StoredClips
from support.media import evenly

CONSISTENCY_CONTROLS = ("frozen", "shuffled")
_MAX_PLACES = 16  # frame numbers of a curve


def score_frames(
    extractor: Extractor,
    reals: ClipSet,
    fakes: ClipSet,
    held_out: ClipSet | None = None,
    *,
    num: int,
    pick: str = "random",
    seed: int = 0,
    controls: tuple[str, ...] = (),
) -> dict:
    """The score of single frames, as `scoring.score.score` computes it for clips.

    Args:
        extractor: network and protocol; a C3D is given each frame as a frozen clip.
        reals: clip set of a data set.
        fakes: clip set to score.
        held_out: clip set of reals for the floor; by default other clips of `reals`.
        num: number of clips.
        pick: "random": one frame per clip; "all": each frame. These depend on each other, so the
            distances fall less with their number, and the floor is of frames of other clips.
        seed: of the choice of clips and frames.
        controls: names of changes to reals that are scored too.

    Returns:
        As `score`, whose counts are of frames.

    Raises:
        UserError: as `score` does.
    """
    if pick == "all":
        reals, held_out, fakes = stored_sets(reals, fakes, held_out, num, seed)
        num = min(map(len, (reals, held_out, fakes)))
    chosen = (SingleFrames(clips, pick, seed) for clips in (reals, fakes))  # type: ignore[arg-type]
    others = None if held_out is None else SingleFrames(held_out, pick, seed)  # type: ignore[arg-type]
    real_frames, fake_frames = chosen
    num *= len(real_frames) // len(reals)
    return score(
        *(extractor, real_frames, fake_frames),
        num=num,
        seed=seed,
        held_out=others,
        controls=controls,
    )


def stored_sets(
    reals: ClipSet, fakes: ClipSet, held_out: ClipSet | None, num: int, seed: int
) -> tuple[StoredClips, StoredClips, StoredClips]:
    """Up to `num` reals, as many other reals and fakes, each read or made once."""
    order = np.random.default_rng(seed).permutation(len(reals))
    count = min(num, len(fakes), len(reals) if held_out else len(reals) // 2)
    if held_out is None:
        second = StoredClips(reals, order[count : 2 * count])
    else:
        drawn = np.random.default_rng((seed, 2)).permutation(len(held_out))[:count]
        second = StoredClips(held_out, drawn)
    made = StoredClips(fakes, fake_order(fakes, seed)[:count])
    return StoredClips(reals, order[:count]), second, made


def frame_curve(
    extractor: Extractor, reals: ClipSet, others: ClipSet, fakes: ClipSet
) -> dict[str, dict[str, list[float]]]:
    """The distances at each frame number: fakes against reals, and other reals against reals.

    Args:
        extractor: network and protocol.
        reals: the reference.
        others: other reals, for the floor; for "shuffled" their frames change places.
        fakes: the clips to measure, as long as the reals.

    Returns:
        "frames", the numbers of up to 16 frames, evenly chosen, and for "fakes", "floor" and
        "shuffled" the distances of the protocol by name, [frames].
    """
    lengths = {len(next(clips.clips([0]))) for clips in (reals, others, fakes)}
    numbers = evenly(min(lengths), _MAX_PLACES).tolist()
    sets = {"fakes": fakes, "floor": others}
    if min(lengths) > 1:
        sets["shuffled"] = ChangedClips(others, "shuffled")
    names = extractor.protocol.measures
    found: dict = {"frames": numbers} | {kind: {} for kind in sets}
    for number in numbers:
        known = _features(extractor, reals, number)
        for kind, clips in sets.items():
            values = distances(names, known, _features(extractor, clips, number))
            for name, value in values.items():
                found[kind].setdefault(name, []).append(value)
    return found


def _features(extractor, clips, number):
    return extractor.extract(SingleFrames(clips, number), range(len(clips)))


def consistency(
    clip_sets: Mapping[str, ClipSet], features: Callable[[np.ndarray], np.ndarray] = shape_colours
) -> dict[str, dict[str, float]]:
    """Average content distance and motion energy of sets of clips, each clip counted alike.

    Args:
        clip_sets: by name; "reals" are also measured frozen and shuffled.
        features: what should stay the same, [T, D] of a clip [T, H, W, 3] uint8.

    Returns:
        For each set "content_distance", in the units of the features, "motion", in grey levels per
        frame, and "clips".
    """
    sets = dict(clip_sets)
    reals = sets["reals"]
    for control in CONSISTENCY_CONTROLS:
        if control != "shuffled" or len(next(reals.clips([0]))) > 1:
            sets[control] = ChangedClips(reals, control)
    return {name: _consistency(clips, features) for name, clips in sets.items()}


def _consistency(clips, features):
    apart, energies = [], []
    for clip in clips.clips(range(len(clips))):
        apart.append(content_distance(features(clip)))
        energies.append(motion_energy(clip[None])[0])
    return {
        "content_distance": float(np.mean(apart)),
        "motion": float(np.mean(energies)),
        "clips": len(clips),
    }


def network_features(extractor: Extractor) -> Callable[[np.ndarray], np.ndarray]:
    """The features of each frame of a clip, as `consistency` takes them."""

    def features(clip):
        return extractor.values([frame[None] for frame in clip])

    return features
