"""Plots losses and sliced Wasserstein distance against kimg."""

import argparse

from commands.output import add_output, output_in_run
from commands.parser import Parser
from commands.snapshots import add_run, choose_run
from run_folder.reading import read_config, read_history, terms_of
from support.errors import UserError

LIGHT = True
FORMATS = ("png", "pdf", "svg")
_OUTPUT = "curves.png"


def flags(parser: Parser):
    """Declares the flags."""
    add_run(parser)
    add_output(parser, _OUTPUT, FORMATS)


def run(args: argparse.Namespace):
    """Writes the plot."""
    folder, output = choose_run(args), output_in_run(args, _OUTPUT, FORMATS)
    config, history = read_config(folder), read_history(folder)
    if not history:
        raise UserError(f"Cannot plot {folder}: it has no history yet. Train for at least a tick.")
    from support.plots import plot_curves

    plot_curves(history, terms_of(history), output, f"{config.name}, {folder}")
    print(output)
