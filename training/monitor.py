"""What a watcher sees of training: status lines, TensorBoard, pictures, snapshots, distances."""

import dataclasses
import datetime
import time

import numpy as np
import tensorflow as tf

from config import Config
from dataset.pipeline import ClipPipeline
from growth.phase import Phase
from run_folder.folder import RunFolder
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot, save_snapshot
from scoring.distance import measure_distance, real_clips
from support.files import check_room
from support.media import filmstrip, tile_clips, to_uint8, write_clip
from support.progress import format_seconds
from training.scores import Scores
from training.summaries import write_clip_summary, write_scalars
from training.trainer import Trainer

_PICTURED = 16  # clips in a grid
_ROOM = 2**22  # bytes: more than what is written at most ticks


class Monitor:
    """Gathers the losses between two ticks, and reports at a tick.

    Args:
        run: where everything is written.
        config: of the run.
        clips: the reals.
    """

    def __init__(self, run: RunFolder, config: Config, clips: ClipPipeline):
        self.run, self.config, self.clips = run, config, clips
        self.latents = sample_latents(_PICTURED, config.network.latent_size, config.train.seed)
        self.scores = Scores(run, config, clips)
        self.writer = tf.summary.create_file_writer(str(run.path))
        history = run.history()
        self.ticks, self._told = len(history), history[-1]["nimg"] if history else 0
        self._begin_tick()

    def add(self, trainer: Trainer, phase: Phase, terms: dict, steps: int, taken: int):
        """Notes a call of `steps` steps from `phase` on: the mean terms of those `taken`."""
        if taken:
            self._terms.append(terms)
            self._weights.append(taken * phase.minibatch)
        self._clips += steps * phase.minibatch
        if self.run.status.is_due():
            self._tell_status(trainer, dataclasses.replace(phase, nimg=trainer.nimg))

    def tick_is_due(self, phase: Phase, nimg: int) -> bool:
        """Whether a tick, the phase or training ends between `phase.nimg` and `nimg`."""
        size = round(self.config.train.tick_kimg * 1000)
        ends = [end for end in (phase.end, self.config.train.total_kimg * 1000) if end is not None]
        return nimg // size > phase.nimg // size or nimg >= min(ends)

    def report(self, trainer: Trainer, phase: Phase):
        """Ends a tick: prints the status line, and writes all that is due."""
        check_room(self.run.path, _ROOM)
        nimg, self.ticks = trainer.nimg, self.ticks + 1
        phase_ends = phase.end is not None and nimg >= phase.end
        phase = dataclasses.replace(phase, nimg=nimg)
        last = nimg >= self.config.train.total_kimg * 1000
        line = self._line(phase, trainer)
        self._tell_status(trainer, phase)
        self._begin_tick()  # What is written now counts for the next tick.
        if last or self._is_due(self.config.train.distance_ticks):
            num = self.config.train.distance_clips
            line |= measure_distance(_snapshot(trainer, phase), self.clips, num)
        self.run.tell(line)
        self._print(line, phase)
        keep = last or phase_ends or self._is_due(self.config.train.snapshot_ticks)
        with self.writer.as_default(step=nimg):
            write_scalars(line)
            self._picture(trainer, phase, nimg, keep)
            if self.scores.is_due(self._told, nimg):
                self.scores.measure(_snapshot(trainer, phase), nimg)
        self._told = nimg
        self.writer.flush()
        if keep:
            save_snapshot(self.run.path, trainer.networks.Gs, nimg)

    def _begin_tick(self):
        self._terms, self._weights, self._clips, self._begin = [], [], 0, time.monotonic()

    def _is_due(self, interval):
        return interval > 0 and self.ticks % interval == 0

    def _line(self, phase, trainer):
        terms = {
            term: float(np.average([t[term].numpy() for t in self._terms], weights=self._weights))
            for term in (self._terms[0] if self._terms else ())  # None where all were skipped.
        }
        return {
            "tick": self.ticks,
            **self._where(phase),
            "minibatch": phase.minibatch,
            "sec_per_kimg": self._seconds_per_kimg(),
            "generator_rate": phase.generator_rate,
            "critic_rate": phase.critic_rate,
            "skipped": trainer.skipped,
            "rollbacks": trainer.rollbacks,
            **({"score_gap": -terms["critic"]} if terms else {}),
            **terms,
        }

    def _where(self, phase):
        return {
            "nimg": phase.nimg,
            "kimg": phase.nimg / 1000,
            "lod": round(phase.lod, 4),
            "rung": str(self.config.ladder[phase.level]),
            "fading": phase.fading,
        }

    def _seconds_per_kimg(self):
        return (time.monotonic() - self._begin) * 1000 / self._clips

    def _tell_status(self, trainer, phase):
        rate = self._seconds_per_kimg()
        left = max(self.config.train.total_kimg - phase.nimg / 1000, 0) * rate
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=left)
        self.run.status.tell(
            "training",
            **self._where(phase),
            total_kimg=self.config.train.total_kimg,
            sec_per_kimg=rate,
            end_at_this_rate=end.isoformat(timespec="seconds"),
            skipped=trainer.skipped,
            rollbacks=trainer.rollbacks,
        )

    def _print(self, line, phase):
        left = (self.config.train.total_kimg - line["kimg"]) * line["sec_per_kimg"]
        terms = (*self.config.loss.terms, "generator")
        losses = [f"{term} {line[term]:.4g}" for term in terms if term in line]
        if line["skipped"]:
            losses.append(f"skipped {line['skipped']}")
        distance = "  swd {swd:.1f} (floor {swd_floor:.1f})".format(**line) if "swd" in line else ""
        self.run.print(
            f"tick {line['tick']:<5} kimg {line['kimg']:<9.2f} lod {line['lod']:<5.2f} "
            f"{line['rung']} {phase}  minibatch {line['minibatch']}  "
            f"sec/kimg {line['sec_per_kimg']:.2f}  {'  '.join(losses)}{distance}  "
            f"{format_seconds(max(left, 0))} left at this rate"
        )

    def _picture(self, trainer, phase, nimg, keep):
        """Writes the fixed latents' clips, and once a rung reals; `keep`: to TensorBoard too."""
        samples, rung = self.run.path / "samples", self.config.ladder[phase.level]
        fakes = to_uint8(_snapshot(trainer, phase).sample(self.latents, phase.minibatch))
        _write_grid(samples / f"fakes-{nimg:09d}", fakes)
        if keep:
            _show("clips/fakes", fakes)
        if not phase.fading and not (samples / f"reals-{rung}.png").exists():
            reals = to_uint8(real_clips(self.clips, phase, 0, _PICTURED))
            _write_grid(samples / f"reals-{rung}", reals)
            _show("clips/reals", reals)


def _snapshot(trainer, phase):
    return Snapshot(trainer.config, phase, trainer.networks.Gs)


def _show(name, clips):
    """Moving pictures are heavy: no more clips than have room in about 512 pixels a side."""
    write_clip_summary(name, tile_clips(clips[: max(1, 512 // clips.shape[2]) ** 2]))


def _write_grid(stem, clips):
    write_clip(stem.with_suffix(".mp4"), tile_clips(clips))
    write_clip(stem.with_suffix(".png"), filmstrip(clips))
