"""Converts published weights of C3D or I3D into a file for --weights, with a sidecar."""

import argparse
import json
from pathlib import Path

from commands.parser import Parser, one_of


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--source", type=Path, required=True, help="file or folder with the published weights")
    flag("--output", type=Path, required=True, help="file to write, .weights.h5")
    flag(
        "--flatten",
        type=one_of(["hwc", "chw"]),
        help="order of fc6's input (default: that of the format)",
    )
    flag("--mean", help="file of the mean cube, or blue,green,red")
    flag("--classes", type=Path, help="file with the name of a class per line")


def run(args: argparse.Namespace):
    """Writes the weights, and prints their sidecar."""
    from metrics import weights

    about = weights.convert(args.source, args.output, args.flatten, args.mean, args.classes)
    print(json.dumps(about, indent=1))
    print(args.output)
