"""Prints how far the clips of two data sets differ, at the rungs that both have."""

import argparse
from pathlib import Path

from commands.datasets import open_data
from commands.parser import Parser
from support.progress import Progress


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, required=True, help="data set folder")
    flag("--other", type=Path, required=True, help="folder of the other data set")


def run(args: argparse.Namespace):
    """Prints the differences."""
    from dataset.compare import compare

    one, other = open_data(args.data), open_data(args.other)
    for records in (one, other):
        print(f"{records.folder}: {records.content} at {records.ladder}")
    with Progress(None, "clips compared") as progress:
        differences = compare(one, other, progress.advance)
    for difference in differences:
        print(difference)
