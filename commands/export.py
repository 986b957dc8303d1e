"""Writes a folder to pass on: a SavedModel, ONNX, weights, or a page of the Hugging Face hub."""

import argparse
import dataclasses
import re
from pathlib import Path

from commands.output import check_writable
from commands.parser import Parser, one_of
from commands.snapshots import add_snapshot, choose_run, open_snapshot
from sampling.export import FORMS
from support.errors import UserError

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--output", type=Path, help="folder to write, new (default: <run>/<format>)")
    flag("--format", type=one_of(FORMS), default="saved_model", help="kind of folder")
    flag("--licence", help="of the weights, such as mit or cc-by-4.0; stored in the card")
    flag(
        "--upload",
        metavar="OWNER/NAME",
        help="repository of the Hugging Face hub to upload the folder to, with --format=hub",
    )


def run(args: argparse.Namespace):
    """Writes the folder, and uploads it with --upload."""
    if args.upload and args.format != "hub":
        raise UserError(f"--upload should be given with --format=hub. Received: {args.format}")
    from sampling.export import export

    output = check_writable(args.output or choose_run(args) / args.format)
    snapshot = open_snapshot(args)
    from sampling import repository

    if args.upload:
        repository.create(args.upload)  # Before the work: a wrong name or token is reported.
    if args.licence:
        snapshot = dataclasses.replace(snapshot, card=snapshot.card | {"licence": args.licence})
    export(snapshot, output, args.format)
    print(output)
    if args.upload:
        print(repository.upload(output, args.upload))
    if args.format == "saved_model" and re.search(r"[\[\\]", str(output)):
        print(
            r"Warning: TensorFlow loads no SavedModel from a path with [ or \. Move the folder "
            "before you load it."
        )
