"""Snapshots of Gs, the generator's running average: small files that make clips on their own.

A run folder holds `config.json` and `snapshots/gs-<nimg>.weights.h5`. The phase that a snapshot is
in follows from its nimg, so nothing else has to be kept.
"""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from config import Config
from growth.phase import Phase, phase_until
from networks.generator import Generator
from scoring.clip_sets import GeneratedClips
from support.errors import UserError
from support.files import write_atomically
from training.run_folder import read_config


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Gs at one moment of training."""

    config: Config
    phase: Phase
    generator: Generator

    def sample(self, latents: np.ndarray, minibatch: int = 8) -> np.ndarray:
        """Clips [N, T, H, W, C] float32, about [-1, 1], at the phase's rung, of latents [N, K]."""
        weight = self.phase.weight if self.phase.fading else None
        clips = [
            self.generator(part, level=self.phase.level, weight=weight).numpy()
            for part in np.split(latents, range(minibatch, len(latents), minibatch))
        ]
        return np.concatenate(clips)

    def clip_set(self, num: int, seed: int | None = None) -> GeneratedClips:
        """`num` clips to score, at the full size; their latents follow from the (run's) seed."""
        config, phase = self.config, self.phase
        seed = config.train.seed if seed is None else seed
        return GeneratedClips(
            lambda latents: self.sample(latents, phase.minibatch),
            sample_latents(num, config.network.latent_size, (seed, 2)),
            config.ladder[-1].shape,
            phase.minibatch,
            {
                "kind": "generator",
                "config": config.name,
                "nimg": phase.nimg,
                "phase": f"{config.ladder[phase.level]} {phase}",
                "seed": seed,
                "weights": self._hash(),
            },
        )

    def _hash(self):
        values = (np.ascontiguousarray(v.numpy()) for v in self.generator.variables)
        digest = hashlib.sha256()
        for value in values:
            digest.update(value)
        return digest.hexdigest()


def save_snapshot(run: Path, generator: Generator, nimg: int):
    """Writes `generator` as the run's snapshot at `nimg`."""
    with write_atomically(snapshot_path(run, nimg)) as path:
        generator.save_weights(path)


def list_snapshots(run: Path) -> list[int]:
    """The nimg of each snapshot of a run, ascending."""
    files = (Path(run) / "snapshots").glob("gs-*.weights.h5")
    names = (file.name.removeprefix("gs-").removesuffix(".weights.h5") for file in files)
    return sorted(int(name) for name in names if name.isdecimal())


def load_snapshot(run: Path, nimg: int | None = None) -> Snapshot:
    """Loads the run's snapshot at `nimg`, by default the newest.

    Raises:
        UserError: no such snapshot, or a file that does not fit the run's config.
    """
    config, known = read_config(run), list_snapshots(run)
    if not known:
        raise UserError(f"{run} should hold snapshots of a generator. Received: none")
    nimg = known[-1] if nimg is None else nimg
    if nimg not in known:
        raise UserError(
            f"--snapshot should be one of {', '.join(map(str, known))} (in {run}). Received: {nimg}"
        )
    generator = Generator(config.ladder, config.network)
    try:
        generator.load_weights(snapshot_path(run, nimg))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{snapshot_path(run, nimg)} should hold the weights of {config.name}'s generator. "
            f"Received: {str(error).splitlines()[0]}"
        ) from error
    return Snapshot(config, phase_until(nimg, config.schedule, config.ladder), generator)


def sample_latents(num: int, size: int, seed, truncation: float | None = None) -> np.ndarray:
    """`num` latents [num, size] ~ N(0, I); with `truncation`, values beyond it are drawn again."""
    random = np.random.default_rng(seed)
    latents = random.standard_normal((num, size))
    while truncation is not None and (beyond := np.abs(latents) > truncation).any():
        latents[beyond] = random.standard_normal(beyond.sum())
    return latents.astype(np.float32)


def snapshot_path(run: Path, nimg: int) -> Path:
    """Where the run's snapshot at `nimg` lies."""
    return Path(run) / "snapshots" / f"gs-{nimg:09d}.weights.h5"
