"""Several runs in one table: how far they are, their distances and scores, and their settings."""

from collections.abc import Sequence

from run_folder.reading import distance_over_floor, find_best
from run_folder.report.run import Run
from run_folder.report.settings import values_of
from support.curves import measures_of

_MISSING = ""


def compare(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Rows of a table: a name, and a text per run; of the settings only those that differ."""
    rows = {
        "state": [run.status.get("state", _MISSING) for run in runs],
        "kimg": [f"{run.history[-1]['kimg']:g}" if run.history else "0" for run in runs],
        "rung": [run.rung for run in runs],
        "best distance over its floor": [_best(run) for run in runs],
        "data set": [run.description["data"].get("folder", _MISSING) for run in runs],
    }
    for measure in measures_of([line for run in runs for line in run.scores]):
        rows[measure.replace("_", " ")] = [_last(run, measure) for run in runs]
    settings = [values_of(run.config) for run in runs]
    for key in dict.fromkeys(key for values in settings for key in values):
        texts = [values.get(key, _MISSING) for values in settings]
        if len(set(texts)) > 1:
            rows[key] = texts
    return list(rows.items())


def _best(run):
    best = find_best(run.history)
    return f"{distance_over_floor(best):.3g} at kimg {best['kimg']:g}" if best else _MISSING


def _last(run, measure):
    values = [line[measure] for line in run.scores if measure in line]
    return f"{values[-1]:.4g}" if values else _MISSING
