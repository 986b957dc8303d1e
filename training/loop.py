"""The training loop: from phase to phase, in calls of several steps."""

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from dataset.pipeline import ClipPipeline
from growth.phase import Phase, phase_at
from support.errors import UserError
from training.interrupt import Interrupt
from training.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class Call:
    """A finished call of several steps."""

    phase: Phase  # at the beginning of the call
    steps: int
    taken: int  # steps that were not skipped
    terms: dict[str, tf.Tensor]  # mean of each term over these; NaN if none computed it

    @property
    def ends_phase(self) -> bool:
        """Whether it was the last call of the phase."""
        return self.steps == self.phase.steps_left()


class Watcher:
    """Takes part in training at the chief; every method does nothing by default."""

    def begin(self, trainer: Trainer):
        """Called before training begins or resumes, and again after a rollback."""

    def before(self, trainer: Trainer, phase: Phase):
        """Called before each call of the traced step."""

    def after(self, trainer: Trainer, call: Call):
        """Called after each call."""

    def roll_back(self, trainer: Trainer):
        """Called when losses stay NaN or infinite."""

    def end(self, trainer: Trainer, interrupt: Interrupt | None):
        """Called once training has ended; `interrupt` where it was interrupted."""


def train(
    trainer: Trainer,
    clips: ClipPipeline,
    watchers: Sequence[Watcher] = (),
    interrupt: Interrupt | None = None,
    until: float = math.inf,
) -> int:
    """Trains to `train.total_kimg`, or to an interrupt.

    Args:
        trainer: at any point of training.
        clips: the reals.
        watchers: of the chief; the other workers have none.
        interrupt: the signals that end training.
        until: real clips shown at which to stop before that.

    Returns:
        The exit status: 0, or 128 + the signal.

    Raises:
        UserError: losses stay NaN or infinite, and no watcher rolls back.
    """
    for watcher in watchers:
        watcher.begin(trainer)
    while trainer.nimg < (end := _end(trainer, until)) and not _interrupted(trainer, interrupt):
        config = trainer.config  # A watcher may change the lengths of phases to come.
        total = config.train.total_kimg
        phase = phase_at(trainer.nimg, config.schedule, config.ladder, total)
        trainer.enter(phase)
        steps_left = min(phase.steps_left(), math.ceil((end - phase.nimg) / phase.minibatch))
        steps = int(min(config.train.steps_per_call, steps_left))
        for watcher in watchers:
            watcher.before(trainer, phase)
        terms, taken = trainer.train(clips, phase, steps)
        if trainer.skipped_in_a_row >= config.train.skips_before_rollback:
            _roll_back(trainer, watchers)
        else:
            for watcher in watchers:
                watcher.after(trainer, Call(phase, steps, taken, terms))
    for watcher in watchers:
        watcher.end(trainer, interrupt or None)
    trainer.workers.wait()  # The chief has saved: all end together.
    return interrupt.exit_status if interrupt else 0


def _end(trainer, until):
    """Real clips shown at which training ends."""
    return min(until, trainer.config.train.total_kimg * 1000)


def _interrupted(trainer, interrupt):
    return interrupt is not None and interrupt.agree(trainer.workers)


def _roll_back(trainer, watchers):
    for watcher in watchers:
        watcher.roll_back(trainer)
    if trainer.workers.is_chief and trainer.skipped_in_a_row:
        raise UserError(f"Training diverged: {trainer.fault}. Try lower learning rates.")
    trainer.broadcast_from_chief()
    for watcher in watchers:
        watcher.begin(trainer)
