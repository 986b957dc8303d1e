"""Keeps the HTML page of a run up to date while it trains."""

from dataset.card import find_data_set_card
from metrics.published import PUBLISHED
from run_folder.folder import RunFolder
from run_folder.report.page import write_report
from run_folder.report.run import read_run
from sampling.snapshot import snapshot_path
from support.errors import UserError
from training.interrupt import Interrupt
from training.loop import Call, Watcher
from training.trainer import Trainer


class Report(Watcher):
    """Writes the page after each snapshot, and when training ends.

    It comes after the watchers that write snapshots and the status.

    Args:
        run: the folder.
    """

    def __init__(self, run: RunFolder):
        self.run = run
        self.data_set = find_data_set_card(run.description["data"])

    def after(self, trainer: Trainer, call: Call):
        """Writes the page where there is a snapshot of this moment."""
        if snapshot_path(self.run.path, trainer.nimg).exists():
            self._write()

    def end(self, trainer: Trainer, interrupt: Interrupt | None):
        """Writes the page."""
        self._write()

    def _write(self):
        """Training does not end because the page cannot be written."""
        try:
            run = read_run(self.run.path, self.data_set)
            write_report([run], self.run.path / "report", PUBLISHED)
        except UserError as error:
            self.run.log(f"Warning: the report was not written. {error}")
