"""Rows of tables: what was measured of each run and of the reals, and medians over seeds."""

import dataclasses
import statistics
from collections.abc import Iterator
from typing import Any

from metrics.published import find_published
from study.catalogue import REALS, Data
from study.drive import is_done, read_record
from study.runs import Budget
from study.steps import Study
from support.files import write_json
from support.json_files import read_json

_ROW = {"clips": int, "swd": float, "swd_floor": float, "motion": float, "motion_reals": float}


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of numbers."""

    key: str  # of a row
    title: str
    form: str  # how numbers are written


COLUMNS = (
    Column("inception_score", "inception score", ".2f"),
    Column("best", "best*", ".2f"),
    Column("frechet_distance", "Frechet distance", ".4g"),
    Column("kernel_distance", "kernel distance", ".3f"),
    Column("swd", "sliced Wasserstein distance", ".0f"),
    Column("motion", "motion energy", ".2f"),
    Column("memorisation", "memorisation", ".2f"),
    Column("kimg", "kimg", ".1f"),
    Column("cpu_minutes", "CPU minutes", ".1f"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """The numbers of a system, one dict per seed; of reals there is one.

    A run that is not measured has no dict: its seed is in `missing`. `state` says why there is none
    at all.
    """

    name: str
    title: str
    seeds: tuple[dict[str, Any], ...]
    state: str = ""
    published: dict[str, float] = dataclasses.field(default_factory=dict)
    missing: tuple[int, ...] = ()

    def values(self, key: str) -> list[float]:
        """The numbers of a column, by seed."""
        return [seed[key] for seed in self.seeds if seed.get(key) is not None]

    def text(self, column: Column) -> str:
        """A cell: the number, or the median and in brackets the number of each seed."""
        values = self.values(column.key)
        if not values:
            return self.state if column is COLUMNS[0] else ""
        form = column.form
        text = f"{statistics.median(values):{form}}"
        return f"{text} ({', '.join(f'{v:{form}}' for v in values)})" if values[1:] else text


@dataclasses.dataclass(frozen=True)
class Table:
    """All rows for a data set and a budget."""

    data: Data
    budget: Budget
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """In names of files."""
        return f"{self.data.name}-{self.budget.name}"

    @property
    def title(self) -> str:
        """Above the table."""
        return f"{self.data.title}, {self.budget} (Table {self.data.table})"

    @property
    def published_measure(self) -> str:
        """The measure of the thesis' table."""
        return {"8.1": "inception_score", "8.2": "frechet_distance"}[self.data.table]

    def cells(self) -> list[list[str]]:
        """The heads of columns and all cells, as text."""
        named = any(row.published for row in self.rows)
        head = ["", *(column.title for column in COLUMNS), *["published"] * named]
        lines = [head]
        for row in self.rows:
            cells = [row.title, *(row.text(column) for column in COLUMNS)]
            value = row.published.get(self.published_measure)
            lines.append(cells + ([f"{value:g}" if value else ""] if named else []))
        return lines


def read_tables(study: Study) -> list[Table]:
    """The tables, as far as steps are done."""
    steps = {step.name: step for step in study.steps()}
    tables = []
    for data in study.data:
        reals = tuple(_reals(study, steps, data))
        for budget in dict.fromkeys(run.budget for run in study.runs if run.data == data):
            rows: dict[str, Row] = {}
            for run in study.runs:
                if (run.data, run.budget) == (data, budget):
                    found, state = _read(study, steps, run)
                    published = find_published(data.name, run.system.published)
                    row = rows.get(run.system.name)
                    row = row or Row(run.system.name, run.system.title, (), state, published)
                    if found:
                        row = dataclasses.replace(row, seeds=(*row.seeds, found))
                    else:
                        row = dataclasses.replace(row, missing=(*row.missing, run.seed))
                    rows[run.system.name] = row
            tables.append(Table(data, budget, (*reals, *rows.values())))
    return tables


def write_results(study: Study, tables: list[Table]):
    """Writes one object per run and kind of reals, without the details, to results.json."""
    lines = [
        {"data": table.data.name, "budget": table.budget.name, "system": row.name} | seed
        for table in tables
        for row in table.rows
        for seed in row.seeds
    ]
    write_json(study.folder / "results.json", lines)


def _reals(study, steps, data) -> Iterator[Row]:
    for control, title in REALS.items():
        name = f"real-{data.name}-{control}".rstrip("-")
        found = (_load(study, name),) if is_done(study, steps[name]) else ()
        published = {} if control else find_published(data.name, "real")
        yield Row("-".join(filter(None, ["real", control])), title, found, "", published)


def _read(study, steps, run):
    """The numbers of a run, or None and why there are none."""
    both = [steps[f"train-{run.name}"], steps[run.name]]
    training, row = (read_record(study, step) for step in both)
    if not all(is_done(study, step) for step in both):
        return None, "failed" if "failed" in (training.state, row.state) else "not done"
    found = _load(study, run.name) | {"seed": run.seed}
    found |= {"cpu_minutes": training.cpu_seconds / 60, "attempts": training.attempts}
    scored = [point for point in found["curve"] if point.get("inception_score") is not None]
    if scored:
        best = max(scored, key=lambda point: point["inception_score"])
        found |= {"best": best["inception_score"], "best_kimg": best["kimg"]}
    return found, ""


def _load(study, name):
    found = read_json(study.result(name), _ROW)
    return {"run": name} | {k: v for k, v in found.items() if k != "details"}
