"""Pictures of a run's samples: the same latents at every tick, and reals once per rung."""

from pathlib import Path

from config import Config
from dataset.pipeline import ClipPipeline
from sampling.latents import even_labels, sample_latents
from sampling.snapshot import Snapshot
from scoring.distance import real_batch
from support.grids import tile_groups
from support.media import FPS, to_uint8, write_clip
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
        self.labels = None
        if config.num_classes:
            self.labels = even_labels(_CLIPS, range(config.num_classes))

    def write(self, snapshot: Snapshot, to_tensorboard: bool):
        """Writes the clips of the fixed latents, and reals where a rung has none yet."""
        phase = snapshot.phase
        rung = self.config.ladder[phase.level]
        labels, past = self._conditions(phase)
        fakes = to_uint8(snapshot.sample(self.latents, phase.minibatch, labels, past))
        names = None
        if self.labels is not None and past is None:
            names = [self.config.class_names[label] for label in labels]
        self._write_grid(f"fakes-{phase.nimg:09d}", fakes, names)
        if to_tensorboard:
            _show("clips/fakes", fakes, self.fps, names)
        if not phase.fading and not (self.folder / f"reals-{rung}.png").exists():
            reals = to_uint8(real_batch(self.clips, phase, 0, _CLIPS).clips)
            self._write_grid(f"reals-{rung}", reals)
            _show("clips/reals", reals, self.fps)

    def _conditions(self, phase):
        """The labels of the clips, and the pasts that they continue; None where there are none.

        Pasts are those of the reals that are shown, and have their labels.
        """
        past = self.config.prediction.past
        if not past:
            return self.labels, None
        reals = real_batch(self.clips, phase, 0, _CLIPS, past)
        return None if self.labels is None else reals.labels, reals.past

    def _write_grid(self, name, clips, groups=None):
        write_clip(self.folder / f"{name}.mp4", tile_groups(clips, groups), self.fps)
        write_clip(self.folder / f"{name}.png", tile_groups(clips, groups, still=True))


def _show(name, clips, fps, groups=None):
    """Shows as many clips as fit, of groups in turn: moving pictures are large."""
    count = max(1, _SIDE // clips.shape[2]) ** 2
    if groups:
        ranks = [groups[:i].count(group) for i, group in enumerate(groups)]
        chosen = sorted(sorted(range(len(groups)), key=lambda i: ranks[i])[:count])
        clips, groups = clips[chosen], [groups[i] for i in chosen]
    write_clip_summary(name, tile_groups(clips[:count], groups), fps)
