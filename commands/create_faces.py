"""Finds faces in films and writes an aligned clip of each, as TrailerFaces was made.

If it is interrupted, run the same command again to resume.
"""

import argparse
import itertools
import os
from pathlib import Path

from commands import on_beam
from commands.parser import Parser, whole
from dataset.faces.rules import FaceRules
from support.words import counted

LIGHT = True
_LISTED = 10  # damaged films that are printed


def flags(parser: Parser):
    """Declares the flags."""
    flag, rules = parser.add_argument, FaceRules()
    flag("--source", type=Path, default=Path("films"), help="video or folder of videos to read")
    flag("--output", type=Path, default=Path("videos"), help="folder to write, new or to resume")
    flag(
        "--landmarks",
        type=Path,
        help="folder of 68 points per face: <film>.npy, [frames, faces, 68, 2]",
    )
    flag("--size", type=whole(16), default=rules.size, help="height and width of a clip; even")
    flag("--min_frames", type=whole(2), default=rules.min_frames, help="of a shot and of a clip")
    flag("--max_frames", type=whole(2), default=rules.max_frames, help="of a shot")
    flag("--workers", type=whole(1), default=os.cpu_count(), help="films at a time")
    flag("--debug", type=Path, help="folder for films with all detections drawn (default: none)")
    on_beam.add_flags(parser)


def run(args: argparse.Namespace):
    """Writes the clips, and prints how many shots and faces were lost at each stage."""
    from dataset.faces.create import create_face_clips
    from dataset.faces.report import funnel

    rules = FaceRules(size=args.size, min_frames=args.min_frames, max_frames=args.max_frames)
    reports, damaged = create_face_clips(
        args.source,
        args.output,
        rules,
        landmarks=args.landmarks,
        debug=args.debug,
        workers=args.workers,
        beam=on_beam.beam_of(args),
    )
    if damaged:
        print(f"Damaged: {len(damaged)}, all listed in {args.output}/damaged.txt:")
        for name, reason in itertools.islice(damaged.items(), _LISTED):
            print(f"  {name} {reason}")
    print(funnel(reports, len(damaged), rules))
    clips = sum(len(report["clips"]) for report in reports)
    if clips:
        size = f"{rules.size}x{rules.size}"
        print(f"{args.output}: {counted(clips, 'clip')} of {size}, listed in clips.csv")
    else:
        print(f"{args.output}: no clips, for the reasons above")
