"""Keeps a run: saves checkpoints, goes back to them, and says how training ended."""

from growth.phase import phase_until
from run_folder.folder import RunFolder
from sampling.snapshot import Snapshot, save_snapshot
from training.interrupt import Interrupt
from training.loop import Call, Watcher
from training.trainer import Trainer


class Keeper(Watcher):
    """Saves a run's checkpoints.

    Args:
        run: the folder.
    """

    def __init__(self, run: RunFolder):
        self.run = run

    def after(self, trainer: Trainer, call: Call):
        """Saves at intervals and at the end of a phase, unless the last steps were skipped."""
        due = self.run.save_is_due() or call.ends_phase
        if due and not trainer.skipped_in_a_row:
            self.run.save(trainer)

    def roll_back(self, trainer: Trainer):
        """Restores the newest checkpoint; raises `UserError` after `train.rollbacks` times."""
        self.run.roll_back(trainer)

    def end(self, trainer: Trainer, interrupt: Interrupt | None):
        """Saves, and prints how training ended."""
        self.run.save(trainer)
        if interrupt:
            save_snapshot(self.run.path, snapshot_of(trainer).generator, trainer.nimg)
            self.run.end(
                "interrupted",
                f"Interrupted and saved at kimg {trainer.nimg / 1000:g}. Run the same command "
                "again to resume.",
            )
        else:
            path = self.run.path
            self.run.end("finished", f"Finished. Snapshots, samples and events are in {path}")


def snapshot_of(trainer: Trainer) -> Snapshot:
    """The generator that makes the samples, at this moment of training."""
    config, model = trainer.config, trainer.model
    phase = phase_until(trainer.nimg, config.schedule, config.ladder)
    return Snapshot(config, phase, model.networks[model.sampled])
