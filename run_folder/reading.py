"""What can be read in the folder of a run: config, data set, history, scores, cards, its log."""

import re
from pathlib import Path

from config import Config, from_dict
from support.errors import UserError
from support.files import read_json_lines
from support.json_files import read_json

HISTORY, SCORES, STARTS = "history.jsonl", "scores.jsonl", "starts.jsonl"
DATA_FILES, LOG = "data_files.json", "log.txt"
_TICK = {"nimg": int, "kimg": float, "rung": str, "fading": bool}
_SCORE = {"nimg": int, "kimg": float, "protocol": str, "details": {"network": {"sha256": str}}}
_START = {"time": str, "kimg": float, "command": str, "devices": [str]}
_REMARK = re.compile(r"\S+ (?:Warning|Note): .*")
_MAX_REMARKS = 50
_DESCRIPTION = {"config": dict, "data": dict, "versions": {str: str}}
_DESCRIPTION["init?"] = {"source": str, "size": int}  # Only where it started from a model.
_DESCRIPTION["plan?"] = {  # Only where it has a time budget.
    "hours": float,
    "used_seconds": float,
    "asked": dict,  # the config without the plan
    "clock?": str,
    "measured": {"rates": {str: float}, "tracing": float},
}
# Keys of a history line that are no terms of a loss.
_BOOKKEEPING = re.compile(
    r"tick|nimg|kimg|lod|rung|fading|minibatch|seconds|sec_per_kimg|\w+_rate|skipped|rollbacks"
    r"|resumed_at_kimg|distance_clips|(swd|motion)\w*"
)


def read_history(run: Path) -> list[dict]:
    """The history of a run folder, a dict per tick; [] where there is none."""
    return read_json_lines(Path(run) / HISTORY, _TICK)


def read_scores(run: Path) -> list[dict]:
    """The scores of a run folder, ascending in "nimg"; [] where there are none."""
    return read_json_lines(Path(run) / SCORES, _SCORE)


def read_starts(run: Path) -> list[dict]:
    """How a run was started and resumed, a dict each; [] where that was not stored."""
    return read_json_lines(Path(run) / STARTS, _START)


def read_remarks(run: Path) -> list[str]:
    """The newest warnings and notes of a run's log, each with its time."""
    path = Path(run) / LOG
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return [line for line in lines if _REMARK.fullmatch(line)][-_MAX_REMARKS:]


def read_newest_card(run: Path) -> dict:
    """The card of the newest snapshot; {} where there is none, or it is damaged."""
    cards = sorted((Path(run) / "snapshots").glob("gs-*.json"))
    try:
        return read_json(cards[-1], dict) if cards else {}
    except UserError:
        return {}


def read_data_files(run: Path) -> dict[str, list[int]]:
    """What `RunFolder.store_data_files` stored; {} where there is nothing, or it is damaged."""
    try:
        return read_json(Path(run) / DATA_FILES, {str: [int]})
    except UserError:
        return {}


def read_config(run: Path) -> Config:
    """The config of a run folder; raises `UserError` where there is none."""
    return from_dict(read_description(run)["config"])


def read_description(run: Path) -> dict:
    """ "config", "data", "versions", and perhaps "init" and "plan" of a run.

    Raises:
        UserError: there is no run, or its config.json is damaged.
    """
    path = Path(run) / "config.json"
    if not path.is_file():
        raise UserError(
            f"`run` should be the folder of a run. Received: {run}, without config.json"
        )
    return read_json(path, _DESCRIPTION)


def find_best(history: list[dict]) -> dict | None:
    """The history line with the smallest distance over its floor, or None.

    Distances of different rungs do not compare, so it is a line of the finest rung that was reached
    with nothing fading in.
    """
    measured = [line for line in history if "swd" in line]
    lines = [line for line in measured if not line["fading"]] or measured
    finest = [line for line in lines if line["lod"] == min(other["lod"] for other in lines)]
    return min(finest, key=distance_over_floor, default=None)


def distance_over_floor(line: dict) -> float:
    """The sliced Wasserstein distance of a history line, for a floor of 1."""
    return line["swd"] / max(line["swd_floor"], 1e-9)


def distances_since(history: list[dict], best: dict) -> int:
    """How many distances were measured after the line `best`, at its rung."""
    later = [line for line in history if "swd" in line and line["nimg"] > best["nimg"]]
    return len([line for line in later if line["lod"] == best["lod"]])


def terms_of(history: list[dict]) -> list[str]:
    """The names of a history's loss terms: its keys besides those that every run has."""
    keys = dict.fromkeys(key for line in history for key in line)
    return [key for key in keys if not _BOOKKEEPING.fullmatch(key)]
