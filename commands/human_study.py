"""Writes a page on which people choose between clips of two or more models.

    python evaluate.py human_study --models runs/swgan runs/wgan_gp --output=study
    python evaluate.py human_study --models runs/swgan datasets/faces --output=study

A model is a run (its newest snapshot), weights next to their card or their address, a data set, a
.npy, or a folder of videos. Hand out study/page, and keep study/key.json.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import check_writable
from commands.parser import Parser, real, whole
from commands.snapshots import is_run, open_generator
from run_folder.reading import read_description
from support.addresses import is_remote, normalise
from support.errors import UserError
from support.media import FPS
from support.startup import import_tensorflow

if TYPE_CHECKING:
    from scoring.clip_sets import ClipSet

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_MAX_FRAMES = 1024  # of a video


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--models", type=Path, nargs="+", required=True, help="two or more that are compared")
    flag("--reals", type=Path, help="data set for catch pairs (default: that of the first run)")
    flag("--output", type=Path, required=True, help="folder to write, new")
    flag("--pairs", type=whole(1), default=80, help="questions for each two models")
    flag("--catch", type=whole(0), default=10, help="catch pairs: reals next to noise or frozen")
    flag("--fps", type=real(1), help=f"frames per second (default: the data set's, or {FPS})")
    flag("--seed", type=whole(0), default=0, help="of clips, sides and order")
    flag("--question", default="Which video is more realistic?", help="that people answer")


def run(args: argparse.Namespace):
    """Writes the study."""
    output, names = check_writable(args.output), [normalise(path) for path in args.models]
    if len(set(names)) < max(len(names), 2):
        raise UserError(f"--models should be two or more. Received: {', '.join(names)}")
    if missing := [path for path in args.models if not (is_remote(path) or path.exists())]:
        raise UserError(f"--models should be files or folders. Received: {missing[0]}")
    folder = choose_reals(args) if args.catch else None
    import_tensorflow()
    from scoring.clip_sets import RecordClips
    from scoring.human_study.study import KEY, write_study

    reals = RecordClips(folder) if folder else None
    opened = {name: open_model(Path(name), args.pairs, args.seed) for name in names}
    rates = [rate for _, rate in opened.values()] + [reals.records.fps if reals else None]
    key = write_study(
        output,
        {name: clips for name, (clips, _) in opened.items()},
        reals,
        pairs=args.pairs,
        catch=args.catch,
        fps=args.fps or next(filter(None, rates), FPS),
        seed=args.seed,
        question=args.question,
    )
    print(
        f"{len(key['questions'])} questions. Hand out {output / 'page'}, and keep {output / KEY}."
    )


def choose_reals(args: argparse.Namespace) -> Path:
    """The data set of --reals, or else that of the first run; raises `UserError` without one."""
    if args.reals:
        return args.reals
    for path in args.models:
        if is_run(path) and (folder := read_description(path)["data"].get("folder")):
            return Path(folder)
    raise UserError("--reals should be a data set for catch pairs. Received: none (or --catch=0)")


def open_model(path: Path, num: int, seed: int) -> tuple["ClipSet", float | None]:
    """`num` clips of a model, or all of other sources, and their frames per second if known."""
    from scoring.clip_sets import RecordClips, clip_set
    from scoring.generated import GeneratedClips

    if is_run(path) or is_remote(path) or path.name.endswith(".weights.h5"):
        snapshot = open_generator(path)
        return GeneratedClips.of_snapshot(snapshot, num, seed), snapshot.fps
    clips = clip_set(path, _MAX_FRAMES)
    return clips, clips.records.fps if isinstance(clips, RecordClips) else None
