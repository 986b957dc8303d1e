"""The distance of a generator's clips to the reals, by measures that need no network."""

from collections.abc import Callable

import numpy as np

from dataset.batch import Batch
from dataset.pipeline import ClipPipeline
from growth.phase import Phase
from metrics.motion import motion_energy
from metrics.sliced_wasserstein import KINDS, PatchBank, sliced_wasserstein
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from scoring.generated import as_written
from support.errors import UserError
from support.media import to_uint8
from support.words import counted

_BATCH = 16
_FEW_CLIPS = 256  # below this number a warning is printed


def measure_distance(
    snapshot: Snapshot,
    clips: ClipPipeline,
    num: int,
    advance: Callable[[int], None] = lambda count: None,
) -> dict[str, float]:
    """Compares fakes with reals at the snapshot's phase, both as they are written (uint8).

    Args:
        snapshot: makes the fakes; its latents follow from the run's seed, and its labels and pasts
            are those of the other reals.
        clips: the reals.
        num: number of fakes and of reals; at most half of the reals.
        advance: called with a number of fakes that were compared, `count_compared` in all.

    Returns:
        "swd" and "swd_floor", the sliced Wasserstein distance x 1000 of fakes to reals and of
        other reals to reals; "swd_spatial", "swd_spatial_floor", "swd_temporal" and
        "swd_temporal_floor", the same for single frames and for single pixels over time;
        "motion" and "motion_reals", the mean motion energy; "distance_clips", the number of fakes
        and of reals, on which the distances depend.
    """
    config, phase = snapshot.config, snapshot.phase
    num, seed = count_compared(clips, num), config.train.seed
    classes = config.num_classes
    reals, others, fakes = (_Gathered(config.ladder[phase.level].shape, seed) for _ in range(3))
    for begin in range(0, num, _BATCH):
        count = min(_BATCH, num - begin)
        latents = sample_latents(count, config.latent_size, (seed, 1, begin))
        real, other = (
            real_batch(clips, phase, first + begin, count, config.prediction.past)
            for first in (0, num)
        )
        reals.add(to_uint8(real.whole()))
        others.add(to_uint8(other.whole()))
        labels = other.labels if classes else None
        made = snapshot.sample(latents, phase.minibatch, labels, other.past)
        fakes.add(as_written(made, phase.nimg, config.name))
        advance(count)
    distances = {}
    for kind in KINDS:
        name = "swd" if kind == "joint" else f"swd_{kind}"
        for key, bank in {name: fakes, f"{name}_floor": others}.items():
            distances[key] = sliced_wasserstein(reals.banks[kind], bank.banks[kind])["mean"]
    return {
        **distances,
        "motion": float(np.mean(fakes.motion)),
        "motion_reals": float(np.mean(reals.motion)),
        "distance_clips": num,
    }


def count_compared(clips: ClipPipeline, num: int) -> int:
    """`num`, or half of the reals where these are too few."""
    return min(num, max(len(clips) // 2, 1))


def real_batch(clips: ClipPipeline, phase: Phase, begin: int, count: int, past: int = 0) -> Batch:
    """`count` reals of the stream from position `begin` on, as `phase` shows them to the critic.

    The first `past` frames of the full clip are apart, as far as the phase's rung is given them.
    """
    reals = next(iter(clips.dataset(phase.level, begin, count)))
    return reals.shown(clips.ladder, phase.detail, past).map(lambda value: value.numpy())


def why_no_distance(clips: ClipPipeline) -> str | None:
    """Why these reals have no distance to anything, as a clause; None where they have one."""
    if len(clips) < 2:
        return f"it has {counted(len(clips), 'clip')}, and the floor needs two sets"
    some = _some(clips)
    if (some == some[0]).all():
        return f"its first {len(some)} clips are the same"
    return None


def warnings_of(clips: ClipPipeline, num: int) -> list[str]:
    """Sentences on reals whose distance means little; `num` is as in `measure_distance`."""
    found, few = [], min(num, len(clips) // 2)
    if few < _FEW_CLIPS:
        found.append(
            f"The data set has {counted(len(clips), 'clip')}: a distance of {few} depends on their "
            f"number. Use at least {_FEW_CLIPS}, or compare it only with the floor."
        )
    some = _some(clips)
    if (some == some[:, :1, :1, :1]).all():
        found.append(f"The first {len(some)} clips of the data set are each of one colour.")
    return found


def check_reals(clips: ClipPipeline, num: int):
    """Raises `UserError` where the reals have no distance, and prints warnings about them."""
    if reason := why_no_distance(clips):
        raise UserError(
            f"Cannot measure a distance to {clips.records.folder}: {reason}. Use other clips."
        )
    for warning in warnings_of(clips, num):
        print(f"Warning: {warning}")


def _some(clips):
    """The first clips at the coarsest rung, uint8."""
    return to_uint8(next(iter(clips.dataset(0, 0, min(_BATCH, len(clips))))).clips)


class _Gathered:
    def __init__(self, shape, seed):
        self.banks = {kind: PatchBank(shape, seed, kind=kind) for kind in KINDS}
        self.motion = []

    def add(self, clips):
        for bank in self.banks.values():
            bank.update(clips)
        self.motion.extend(motion_energy(clips))
