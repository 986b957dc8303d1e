"""Plots losses and sliced Wasserstein distance against kimg."""

import argparse
from pathlib import Path

from commands.output import check_file
from commands.parser import Parser
from commands.snapshots import add_run, choose_run
from run_folder.reading import read_config, read_history, terms_of
from support.errors import UserError

LIGHT = True
FORMATS = ("png", "pdf", "svg")


def flags(parser: Parser):
    """Declares the flags."""
    add_run(parser)
    parser.add_argument(
        "--output",
        type=Path,
        help=f"path to write, {', '.join(FORMATS)} (default: <run>/curves.png)",
    )


def run(args: argparse.Namespace):
    """Writes the plot."""
    folder = choose_run(args)
    output = check_file(args.output or folder / "curves.png", FORMATS)
    config, history = read_config(folder), read_history(folder)
    if not history:
        raise UserError(f"Cannot plot {folder}: it has no history yet. Train for at least a tick.")
    from support.plots import plot_curves

    plot_curves(history, terms_of(history), output, f"{config.name}, {folder}")
    print(output)
