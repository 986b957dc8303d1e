"""Writes clips as files: mp4, gif, PNG frames, or npy."""

import argparse
from pathlib import Path

from commands.datasets import choose_rung, open_data
from commands.output import warn_of_rate
from commands.parser import Parser, one_of, real, whole
from dataset.extract import FORMATS
from support.errors import UserError
from support.progress import Progress
from support.words import counted

_FPS = 25  # where the data set has no rate


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--data", type=Path, required=True, help="data set folder")
    flag("--output", type=Path, required=True, help="folder to write, new")
    flag("--format", default="mp4", type=one_of(FORMATS), help="frames and npy are lossless")
    flag("--rung", help="size of the clips, such as 8x32x32 (default: the full clip)")
    flag("--first", type=whole(0), default=0, help="index of the first clip")
    flag("--num", type=whole(1), help="clips (default: all)")
    flag(
        "--fps",
        type=real(1),
        help=f"frames per second of mp4 and gif (default: the data set's, or else {_FPS})",
    )


def run(args: argparse.Namespace):
    """Writes the clips."""
    from dataset.extract import extract

    records = open_data(args.data)
    rung = choose_rung(records, args.rung)
    indices = range(len(records))[args.first :][: args.num]
    if not indices:
        raise UserError(f"--first should be below {len(records)}. Received: {args.first}")
    fps = args.fps or records.fps or _FPS
    warn_of_rate(args.format, fps)
    with Progress(len(indices), "clips") as progress:
        extract(records, rung, indices, args.output, args.format, fps, progress.advance)
    print(f"{args.output}: {counted(len(indices), 'clip')} of {rung}")
