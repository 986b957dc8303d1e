"""Trains a table of settings x seeds, one after the other, and measures what comes out.

    python benchmarks/experiment.py TABLE.json --data=DATA --output=DIR

TABLE.json holds flags of train.py for all runs, the seeds, and settings by name:

    {"flags": ["--config=demo"], "seeds": [0, 1, 2],
     "settings": {"demo": [], "minibatch 16": ["schedule.minibatch.4=16"]}}

A run in DIR/runs trains by train.py, in a process of its own, whose CPU time is counted. Its last
sliced Wasserstein distance, of as many clips as `train.distance_clips`, becomes a line of
DIR/results.jsonl. Run the command again to resume: runs with a line are not repeated.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from run_folder.reading import read_history
from support.files import lock, make_folder
from support.processes import run_counted
from support.script import say

_ROOT = Path(__file__).resolve().parent.parent
_MEASURES = ("swd", "swd_spatial", "swd_temporal", "motion")
_REFERENCES = ("swd_floor", "swd_spatial_floor", "swd_temporal_floor", "motion_reals")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    flags = parser.parse_args()
    table = json.loads(flags.table.read_text())
    make_folder(flags.output / "runs")
    with lock(flags.output / "lock", f"Cannot work on {flags.output}: another process does."):
        for seed in table["seeds"]:
            for name, settings in table["settings"].items():
                if not any(_is_of(row, name, seed) for row in _read(flags.output)):
                    _run(flags, [*table.get("flags", []), "--set", *settings], name, seed)
    print(_markdown(_read(flags.output)))


def _run(flags, options, name, seed):
    """Trains one run to its end, and appends its line."""
    run = flags.output / "runs" / f"{name.replace(' ', '_')}-{seed}"
    command = ["train.py", *options, f"train.seed={seed}", f"--data={flags.data}", f"--run={run}"]
    say(" ".join(command))
    spent = []
    script = [sys.executable, str(_ROOT / command[0]), *command[1:]]
    status = run_counted(script, run.with_suffix(".log"), spent.append)
    row = {"name": name, "seed": seed, "status": status, "cpu_seconds": round(sum(spent), 1)}
    row |= {"settings": options}
    if status == 0:
        last = read_history(run)[-1]
        row |= {key: round(last[key], 2) for key in (*_MEASURES, *_REFERENCES)}
        row |= {key: last[key] for key in ("kimg", "rung", "distance_clips")}
    elif status in (130, 143):
        sys.exit(status)
    with open(flags.output / "results.jsonl", "a") as file:
        file.write(json.dumps(row) + "\n")


def _read(folder):
    path = folder / "results.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _is_of(row, name, seed):
    return (row["name"], row["seed"]) == (name, seed)


def _markdown(rows):
    """The means over seeds, with those of each seed in brackets."""
    lines = ["| setting | " + " | ".join((*_MEASURES, "CPU seconds")) + " |", "|---" * 6 + "|"]
    for name in dict.fromkeys(row["name"] for row in rows):
        of_name = [row for row in rows if row["name"] == name and row["status"] == 0]
        if of_name:
            cells = [_cell([row[key] for row in of_name]) for key in (*_MEASURES, "cpu_seconds")]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    done = [row for row in rows if row["status"] == 0]
    if done:
        last = " | ".join(str(done[-1][key]) for key in _REFERENCES)
        lines.append(f"| floor | {last} | |")
    return "\n".join(lines)


def _cell(values):
    seeds = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{seeds}"


if __name__ == "__main__":
    main()
