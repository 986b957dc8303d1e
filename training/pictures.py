"""Pictures of a run's samples: the same latents at every tick, and reals once per rung."""

from pathlib import Path

import numpy as np

from config import Config
from dataset.pipeline import ClipPipeline
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot
from scoring.distance import real_batch
from support.media import FPS, filmstrip, tile_clips, to_uint8, write_clip
from training.summaries import write_clip_summary

_CLIPS = 16  # in a grid
_SIDE = 512  # pixels: TensorBoard shows as many clips as fit into such a square


class Pictures:
    """Writes samples to a folder and to TensorBoard.

    Args:
        folder: for the grids.
        config: of the run; the latents follow from its seed.
        clips: the reals.
        fps: frames per second at which clips play.
    """

    def __init__(self, folder: Path, config: Config, clips: ClipPipeline, fps: float = FPS):
        self.folder, self.config, self.clips = folder, config, clips
        self.fps = fps
        self.latents = sample_latents(_CLIPS, config.latent_size, config.train.seed)

    def write(self, snapshot: Snapshot, to_tensorboard: bool):
        """Writes the clips of the fixed latents, and reals where a rung has none yet."""
        phase = snapshot.phase
        rung = self.config.ladder[phase.level]
        fakes = to_uint8(snapshot.sample(self.latents, phase.minibatch, past=self._past(phase)))
        self._write_grid(f"fakes-{phase.nimg:09d}", fakes)
        if to_tensorboard:
            _show("clips/fakes", fakes, self.fps)
        if not phase.fading and not (self.folder / f"reals-{rung}.png").exists():
            reals = to_uint8(real_batch(self.clips, phase, 0, _CLIPS).clips)
            self._write_grid(f"reals-{rung}", reals)
            _show("clips/reals", reals, self.fps)

    def _past(self, phase):
        """The past of the reals that are shown; None where nothing is given."""
        past = self.config.prediction.past
        return real_batch(self.clips, phase, 0, _CLIPS, past).past if past else None

    def _write_grid(self, name, clips):
        write_clip(self.folder / f"{name}.mp4", tile_clips(clips), self.fps)
        write_clip(self.folder / f"{name}.png", filmstrip(clips))


def _show(name: str, clips: np.ndarray, fps: float):
    count = max(1, _SIDE // clips.shape[2]) ** 2  # Moving pictures are large.
    write_clip_summary(name, tile_clips(clips[:count]), fps)
