"""Draws some clips at every rung: a moving picture, or for .png a row of frames per clip."""

import argparse
from pathlib import Path

from commands.datasets import open_data
from commands.output import check_file, write_sheet
from commands.parser import Parser, whole
from support.media import FORMATS, FPS
from support.startup import import_tensorflow

LIGHT = True  # A wrong output is reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, required=True, help="data set folder")
    flag("--output", type=Path, required=True, help=f"file to write: {', '.join(FORMATS)}")
    flag("--num", type=whole(1), default=8, help="clips")


def run(args: argparse.Namespace):
    """Writes the picture."""
    output = check_file(args.output, FORMATS)
    import_tensorflow()
    from dataset.display import contact_sheet
    from support.captions import name_rows

    records = open_data(args.data)
    still = output.suffix.lower() == ".png"
    sheet = contact_sheet(records, args.num, still)
    rungs = [str(rung) for rung in records.ladder]
    rows = rungs * min(args.num, len(records)) if still else rungs
    write_sheet(output, name_rows(sheet, rows), records.fps or FPS)
