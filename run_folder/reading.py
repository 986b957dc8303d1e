"""What can be read in the folder of a run: config, data set and versions, history, scores."""

import json
from pathlib import Path

from config import Config, from_dict
from support.errors import UserError
from support.files import read_json_lines

HISTORY, SCORES, DATA_FILES = "history.jsonl", "scores.jsonl", "data_files.json"


def read_history(run: Path) -> list[dict]:
    """The history of a run folder, a dict a tick; [] where there is none."""
    return read_json_lines(Path(run) / HISTORY)


def read_scores(run: Path) -> list[dict]:
    """The scores of a run folder, ascending in "nimg"; [] where there are none."""
    return read_json_lines(Path(run) / SCORES)


def read_data_files(run: Path) -> dict[str, list[int]]:
    """What `RunFolder.store_data_files` stored; {} where there is nothing, or it is damaged."""
    try:
        return json.loads((Path(run) / DATA_FILES).read_text())
    except (OSError, ValueError):
        return {}


def read_config(run: Path) -> Config:
    """The config of a run folder; raises `UserError` where there is none."""
    return from_dict(read_description(run)["config"])


def read_description(run: Path) -> dict:
    """ "config", "data" and "versions" of a run folder; raises `UserError` where there are none."""
    path = Path(run) / "config.json"
    try:
        description = json.loads(path.read_text())
        if description.keys() >= {"config", "data", "versions"}:
            return description
        found = "a config.json of something else"
    except (OSError, ValueError, AttributeError):
        found = "no config.json of a run"
    raise UserError(f"--run should be the folder of a run. Received: {run}, with {found}")
