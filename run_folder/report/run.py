"""What the sections of a report show of a run, read from its folder once."""

import dataclasses
import datetime
from pathlib import Path

from config import Config, from_dict
from run_folder.reading import (
    read_description,
    read_history,
    read_newest_card,
    read_remarks,
    read_scores,
    read_starts,
)
from run_folder.status import read_status


@dataclasses.dataclass(frozen=True)
class Run:
    """A run at one moment.

    Attributes:
        path: its folder.
        time: when it was read.
        description: what config.json holds.
        config: the same, resolved.
        history, scores, starts: their lines.
        status: what it was doing last; {} where that is not known.
        remarks: warnings and notes of its log.
        card: that of the newest snapshot; {} where there is none.
        data_set: what `dataset.card.data_set_card` returns; {} where the data set is not there.
    """

    path: Path
    time: datetime.datetime
    description: dict
    config: Config
    history: list[dict]
    scores: list[dict]
    starts: list[dict]
    status: dict
    remarks: list[str]
    card: dict
    data_set: dict

    @property
    def nimg(self) -> int:
        """Clips shown up to the last tick."""
        return self.history[-1]["nimg"] if self.history else 0

    @property
    def rung(self) -> str:
        """That of the last tick, such as "8x32x32"; the first one before that."""
        return self.history[-1]["rung"] if self.history else str(self.config.ladder[0])


def read_run(path: Path, data_set: dict | None = None) -> Run:
    """Reads the folder of a run; raises `UserError` where there is none, or a file is damaged."""
    path, description = Path(path), read_description(path)
    return Run(
        path=path,
        time=datetime.datetime.now(datetime.UTC),
        description=description,
        config=from_dict(description["config"]),
        history=read_history(path),
        scores=read_scores(path),
        starts=read_starts(path),
        status=read_status(path),
        remarks=read_remarks(path),
        card=read_newest_card(path),
        data_set=data_set or {},
    )


def name_runs(runs: list[Run]) -> list[str]:
    """A short name for each run: that of its folder, or its path where folders share a name."""
    names = [run.path.resolve().name for run in runs]
    if len(set(names)) == len(names):
        return names
    return [str(run.path) for run in runs]
