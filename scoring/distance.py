"""How far a generator's clips are from the reals, with measures that need no pretrained network."""

import numpy as np

from dataset.pipeline import ClipPipeline
from growth.phase import Phase
from growth.resample import fade_clips
from metrics.motion import motion_energy
from metrics.sliced_wasserstein import KINDS, PatchBank, sliced_wasserstein
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot

_BATCH = 16


def measure_distance(snapshot: Snapshot, clips: ClipPipeline, num: int) -> dict[str, float]:
    """Compares fakes with reals at the snapshot's phase.

    Args:
        snapshot: makes the fakes; its latents follow from the run's seed.
        clips: the reals.
        num: fakes, and reals; where there are fewer than twice as many reals, half of them.

    Returns:
        "swd" and "swd_floor", the sliced Wasserstein distance x 1000 of fakes to reals and of
        other reals to reals; "swd_spatial", "swd_spatial_floor", "swd_temporal" and
        "swd_temporal_floor", the same of single frames and of single pixels' time courses;
        "motion" and "motion_reals", the mean motion energy.
    """
    config, phase = snapshot.config, snapshot.phase
    num, seed = min(num, max(len(clips) // 2, 1)), config.train.seed
    reals, others, fakes = (_Gathered(config.ladder[phase.level].shape, seed) for _ in range(3))
    for begin in range(0, num, _BATCH):
        count = min(_BATCH, num - begin)
        latents = sample_latents(count, config.network.latent_size, (seed, 1, begin))
        reals.add(real_clips(clips, phase, begin, count))
        others.add(real_clips(clips, phase, num + begin, count))
        fakes.add(snapshot.sample(latents, phase.minibatch))
    distances = {}
    for kind in KINDS:
        name = "swd" if kind == "joint" else f"swd_{kind}"
        for key, bank in {name: fakes, f"{name}_floor": others}.items():
            distances[key] = sliced_wasserstein(reals.banks[kind], bank.banks[kind])["mean"]
    return {
        **distances,
        "motion": float(np.mean(fakes.motion)),
        "motion_reals": float(np.mean(reals.motion)),
    }


def real_clips(clips: ClipPipeline, phase: Phase, begin: int, count: int) -> np.ndarray:
    """`count` reals of the stream from position `begin` on, as `phase` shows them to the critic."""
    reals = next(iter(clips.dataset(phase.level, begin, count))).clips
    if phase.fading:
        reals = fade_clips(reals, clips.ladder.factors(phase.level), phase.weight)
    return reals.numpy()


class _Gathered:
    def __init__(self, shape, seed):
        self.banks = {kind: PatchBank(shape, seed, kind=kind) for kind in KINDS}
        self.motion = []

    def add(self, clips):
        for bank in self.banks.values():
            bank.update(clips)
        self.motion.extend(motion_energy(clips))
