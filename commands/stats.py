"""Prints what the clips of a data set are like: sizes, classes, lengths, colour, motion."""

import argparse
from pathlib import Path

from commands.datasets import choose_rung, open_data, print_sizes
from commands.parser import Parser, whole
from support.progress import Progress
from support.words import counted


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, required=True, help="data set folder")
    flag("--rung", help="size of the clips that are measured (default: the full clip)")
    flag("--num", type=whole(1), default=256, help="clips that are measured, evenly chosen")


def run(args: argparse.Namespace):
    """Measures some clips, and prints the tables."""
    from dataset.advice import describe_left_out
    from dataset.oddities import KINDS
    from dataset.stats import measure
    from metrics.motion import motion_energy

    records = open_data(args.data)
    rung = choose_rung(records, args.rung)
    print_sizes(records)
    _print_lengths(records)
    for sentence in describe_left_out(records):
        print(sentence)
    with Progress(min(args.num, len(records)), "clips measured") as progress:
        found = measure(records, rung, args.num, motion_energy, progress.advance)
    colour, deviation = (" ".join(f"{x:.1f}" for x in v) for v in (found.colour, found.deviation))
    print(f"{counted(found.clips, 'clip')} of {rung}, in grey levels of 0 to 255:")
    print(f"  red, green, blue: mean {colour}, standard deviation {deviation}")
    energy = f"{found.motion.mean():.2f}, from {found.motion.min():.2f} to {found.motion.max():.2f}"
    print(f"  motion energy (mean change from frame to frame): {energy}")
    counts = ", ".join(f"{len(found.oddities.get(kind, []))} {kind}" for kind in KINDS)
    print(f"  odd clips: {counts}")
    for kind, indices in found.oddities.items():
        print(f"  {len(indices)} {kind}: {', '.join(map(str, indices))}")


def _print_lengths(records):
    from dataset.stats import length_table

    lengths = length_table(records.metadata["source_frames"])
    print("Sources by their frames:" if lengths else "Sources: lengths unknown")
    for first, last, number in lengths:
        print(f"{first:>8} to {last:<8} {number:6}")
