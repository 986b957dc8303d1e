"""Reports of a run while it trains: status lines, TensorBoard, pictures, snapshots, distances."""

import dataclasses
import datetime
import time

import numpy as np
import tensorflow as tf

from config import Config
from dataset.card import find_data_set_card
from dataset.pipeline import ClipPipeline
from growth.phase import Phase
from run_folder.folder import RunFolder
from run_folder.reading import distance_over_floor, distances_since, find_best
from sampling.snapshot import save_snapshot
from scoring.distance import measure_distance, warnings_of, why_no_distance
from support.clock import Clock
from support.files import check_room
from support.media import FPS
from support.progress import format_seconds
from support.words import counted
from training.forecast import Forecast
from training.keeper import snapshot_of
from training.loop import Call, Watcher
from training.overview import write_overview
from training.pictures import Pictures
from training.scores import Scores
from training.summaries import write_histograms, write_scalars
from training.trainer import Trainer

_ROOM = 2**22  # bytes: more than most ticks write


class Monitor(Watcher):
    """Gathers the terms of the losses between two ticks, and reports at a tick.

    Args:
        run: the folder to which everything is written.
        config: of the run.
        clips: the reals.
        forecast: of the run; without one, nothing was measured before.
        clock: for all times that are reported.
    """

    def __init__(
        self,
        run: RunFolder,
        config: Config,
        clips: ClipPipeline,
        forecast: Forecast | None = None,
        clock: Clock = time.monotonic,
    ):
        self.run, self.config, self.clips, self._clock = run, config, clips, clock
        self.pictures = Pictures(run.path / "samples", config, clips, run.fps or FPS)
        self.scores = Scores(run, config, clips)
        self.forecast = forecast or Forecast(config)
        self._has_distance = self._check_reals()
        self.writer = tf.summary.create_file_writer(str(run.path))
        with self.writer.as_default(step=0):
            data_set = find_data_set_card(run.description["data"])
            texts = {"description": run.description, "data_set": data_set, "starts": run.starts()}
            write_overview(str(run.path), config, texts)

    def begin(self, trainer: Trainer):
        """Starts a tick after the last one of the run's history."""
        history = self.run.history()
        self.forecast.resume(history)
        self._phase = -1
        self._begin = self._clock() - (history[-1].get("seconds", 0.0) if history else 0.0)
        self.ticks, self._reported = len(history), history[-1]["nimg"] if history else 0
        self._resumed = trainer.nimg if trainer.nimg > self._reported else None
        self._begin_tick()

    def before(self, trainer: Trainer, phase: Phase):
        """Says why the first call of a phase takes long, and starts the clock."""
        if phase.index != self._phase:
            self._phase, rung = phase.index, self.config.ladder[phase.level]
            self.run.log(f"{rung} {'fades in' if phase.fading else 'stable'}: tracing the step ...")
        self._called = self._clock()

    def after(self, trainer: Trainer, call: Call):
        """Notes the call, and reports where it ends a tick."""
        self.config = trainer.config  # A plan may have changed its lengths.
        if call.taken:
            self._terms.append(call.terms)
            self._weights.append(call.taken * call.phase.minibatch)
        self.forecast.note_call(call.phase, call.steps, self._clock() - self._called)
        if self.run.status.is_due():
            self._write_status(trainer, dataclasses.replace(call.phase, nimg=trainer.nimg))
        if self._tick_is_due(call.phase, trainer.nimg):
            self._report(trainer, call.phase)

    def _tick_is_due(self, phase, nimg):
        """Whether a tick, the phase or training ends between `phase.nimg` and `nimg`."""
        size = round(self.config.train.tick_kimg * 1000)
        ends = [end for end in (phase.end, self.config.train.total_kimg * 1000) if end is not None]
        return nimg // size > phase.nimg // size or nimg >= min(ends)

    def _report(self, trainer, phase):
        """Ends a tick: prints the status line, and writes all that is due."""
        self.run.check_is_there()
        check_room(self.run.path, _ROOM)
        nimg, self.ticks = trainer.nimg, self.ticks + 1
        phase_ends = phase.end is not None and nimg >= phase.end
        phase = dataclasses.replace(phase, nimg=nimg)
        last = nimg >= self.config.train.total_kimg * 1000
        terms, line = self._mean_terms(), self._line(phase, trainer)
        self._write_status(trainer, phase)
        self._begin_tick()
        snapshot, begin = snapshot_of(trainer), self._clock()
        if self._has_distance and (last or self._is_due(self.config.train.distance_ticks)):
            line |= measure_distance(snapshot, self.clips, self.config.train.distance_clips)
            self.forecast.note_distance(phase, self._clock() - begin)
            begin = self._clock()
        self.run.append_history(line | terms)
        self._print(line, terms, phase)
        if "swd" in line:
            self._note_rise(phase)
        due = self._is_due(self.config.train.snapshot_ticks)
        keep = last or phase_ends or due or "swd" in line
        with self.writer.as_default(step=nimg):
            write_scalars(line, terms)
            if self._is_due(self.config.train.histogram_ticks):
                write_histograms(trainer.model, phase.detail)
            self.pictures.write(snapshot, keep)
            if self.scores.is_due(self._reported, nimg, last):
                self.scores.measure(snapshot, nimg)
        self._reported, self._resumed = nimg, None
        self.writer.flush()
        if keep:
            save_snapshot(self.run.path, snapshot.generator, nimg)
        self.forecast.note_report(self._clock() - begin)

    def _note_rise(self, phase):
        """Logs that the distance has not fallen for `train.distance_patience` measurements."""
        history, patience = self.run.history(), self.config.train.distance_patience
        best = find_best(history)
        since = distances_since(history, best) if best and not phase.fading else 0
        if best and since and patience and since % patience == 0:
            self.run.log(
                f"Note: no smaller distance in {since} measurements. It was "
                f"{distance_over_floor(best):.2f} times its floor at kimg {best['kimg']:g}, and is "
                f"{distance_over_floor(history[-1]):.2f} times now. --snapshot=best takes the "
                "snapshot of that time."
            )

    def _begin_tick(self):
        self._terms, self._weights = [], []
        self.forecast.begin_tick()

    def _is_due(self, interval):
        return interval > 0 and self.ticks % interval == 0

    def _mean_terms(self):
        """The mean of each term over the calls of the tick that computed it."""
        means, weights = {}, np.array(self._weights)
        for term in self._terms[0] if self._terms else ():
            values = np.array([terms[term].numpy() for terms in self._terms])
            computed = ~np.isnan(values)
            if computed.any():
                means[term] = float(np.average(values[computed], weights=weights[computed]))
        return means

    def _line(self, phase, trainer):
        # After a resume within a tick, its means and rate begin there.
        resumed = {} if self._resumed is None else {"resumed_at_kimg": self._resumed / 1000}
        return {
            "tick": self.ticks,
            **self._where(phase),
            **resumed,
            "minibatch": phase.minibatch,
            "seconds": round(self._clock() - self._begin, 3),
            "sec_per_kimg": 1000 * self.forecast.seconds_per_clip,
            "generator_rate": phase.rate("generator"),
            "critic_rate": phase.rate("critic"),
            "skipped": trainer.skipped,
            "rollbacks": trainer.rollbacks,
        }

    def _where(self, phase: Phase):
        return {
            "nimg": phase.nimg,
            "kimg": phase.nimg / 1000,
            "lod": round(phase.lod, 4),
            "rung": str(self.config.ladder[phase.level]),
            "fading": phase.fading,
        }

    def _check_reals(self):
        """Warns of reals whose distance means little; whether they have one."""
        if reason := why_no_distance(self.clips):
            self.run.log(f"Warning: the data set has no distance: {reason}. It is left out.")
            return False
        for warning in warnings_of(self.clips, self.config.train.distance_clips):
            self.run.log(f"Warning: {warning}")
        return True

    def _write_status(self, trainer, phase):
        left = datetime.timedelta(seconds=self.forecast.seconds_left(phase.nimg))
        end = datetime.datetime.now(datetime.UTC) + left
        self.run.status.write(
            "training",
            **self._where(phase),
            total_kimg=self.config.train.total_kimg,
            sec_per_kimg=1000 * self.forecast.seconds_per_clip,
            seconds_left=round(left.total_seconds()),
            expected_end=end.isoformat(timespec="seconds"),
            skipped=trainer.skipped,
            rollbacks=trainer.rollbacks,
        )

    def _print(self, line, terms, phase):
        left = format_seconds(self.forecast.seconds_left(line["nimg"]))
        shown = [f"{term} {value:.4g}" for term, value in terms.items()]
        if line["skipped"]:
            shown.append(f"skipped {line['skipped']}")
        distance = ""
        if "swd" in line:
            clips = counted(line["distance_clips"], "clip")
            distance = f"  swd {line['swd']:.1f} (floor {line['swd_floor']:.1f}, {clips})"
        self.run.log(
            f"tick {line['tick']:<5} kimg {line['kimg']:<9.2f} lod {line['lod']:<5.2f} "
            f"{line['rung']} {phase}  minibatch {line['minibatch']}  "
            f"sec/kimg {line['sec_per_kimg']:.2f}  {'  '.join(shown)}{distance}  "
            f"about {left} left"
        )
