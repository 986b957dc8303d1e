"""Writes a folder that needs nothing of this project: a SavedModel, ONNX, or weights."""

import argparse
import re
from pathlib import Path

from commands.output import check_writable
from commands.parser import Parser, one_of
from commands.snapshots import add_snapshot, choose_run, open_snapshot
from sampling.export import FORMS

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--output", type=Path, help="folder to write, new (default: <run>/<format>)")
    flag("--format", type=one_of(FORMS), default="saved_model", help="kind of folder")


def run(args: argparse.Namespace):
    """Writes the folder."""
    from sampling.export import export

    output = check_writable(args.output or choose_run(args) / args.format)
    export(open_snapshot(args), output, args.format)
    print(output)
    if args.format == "saved_model" and re.search(r"[\[\\]", str(output)):
        print(
            r"Warning: TensorFlow loads no SavedModel from a path with [ or \. Move the folder "
            "before you load it."
        )
