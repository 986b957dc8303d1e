"""Plots the scores that runs took while they trained, with those of the paper."""

import argparse
from pathlib import Path

from commands.curves import FORMATS
from commands.output import check_file
from commands.parser import Parser
from metrics.published import PUBLISHED
from run_folder.reading import read_config, read_scores
from support.errors import UserError

LIGHT = True


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--run", type=Path, nargs="+", required=True, help="run folders")
    flag(
        "--output",
        type=Path,
        help=f"path to write, {', '.join(FORMATS)} (default: scores.png in the first run)",
    )


def run(args: argparse.Namespace):
    """Writes the plot."""
    output = check_file(args.output or args.run[0] / "scores.png", FORMATS)
    curves = read_curves(args.run)
    published = PUBLISHED.get(read_config(args.run[0]).name, {})
    from support.plots import plot_scores

    plot_scores(curves, published, output)
    print(output)


def read_curves(runs: list[Path]) -> dict[str, list[dict]]:
    """The scores of runs, by run, protocol and network; raises `UserError` where there are none."""
    curves: dict[str, list[dict]] = {}
    for run in runs:
        lines = read_scores(run)
        if not lines:
            raise UserError(
                f"Cannot plot {run}: it has no scores. Train with --set metrics.every_kimg=..."
            )
        for line in lines:  # A run may resume with other settings of its scores.
            network = line["details"]["network"]["sha256"][:6]
            curves.setdefault(f"{run}, {line['protocol']} {network}", []).append(line)
    return curves
