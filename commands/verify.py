"""Checks every record of every rung; the exit status is 1 where there are faults."""

import argparse
import itertools
from pathlib import Path

from commands.parser import Parser
from support.errors import UserError
from support.progress import Progress
from support.words import counted

_MAX_FAULTS = 50  # that are listed


def flags(parser: Parser):
    """Declares the flags."""
    parser.add_argument("--data", type=Path, required=True, help="data set folder")


def run(args: argparse.Namespace):
    """Prints each fault; raises `UserError` where there are some."""
    from dataset.records import Records
    from dataset.verify import find_faults

    records = Records(args.data)
    faults = 0
    with Progress(len(records), "clips") as progress:
        for fault in itertools.islice(find_faults(records, progress.advance), _MAX_FAULTS):
            print(fault)
            faults += 1
    if faults:
        found = f"{counted(faults, 'fault')}{' or more' if faults == _MAX_FAULTS else ''}"
        raise UserError(
            f"Cannot use {records.folder}: {found}, listed above. Copy the data set again, or make "
            "it again."
        )
    print(f"{records.folder}: {records.content} at {records.ladder}, without faults")
