"""Prints the content of a data set."""

import argparse
import json
from pathlib import Path

from commands.datasets import open_data, print_sizes
from commands.parser import Parser

LIGHT = True


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, required=True, help="data set folder")
    flag("--json", action="store_true", help="print the metadata as JSON")


def run(args: argparse.Namespace):
    """Prints the metadata, or a summary."""
    records = open_data(args.data)
    metadata = records.metadata
    if args.json:
        print(json.dumps(metadata, indent=1))
        return
    version = metadata["tool_version"]
    print(f"{records.folder}: {records.content}, made by version {version} with")
    print("  " + " ".join(f"--{k}={v}" for k, v in metadata["arguments"].items()))
    print(f"Rejected sources: {metadata['rejected']}")
    print_sizes(records)
