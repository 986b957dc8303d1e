"""Continues the first frames of clips: the truth and several futures, side by side.

    python generate.py prediction --run=runs/kth                       # clips of its data set
    python generate.py prediction --run=runs/kth --source=walk.mp4 --output=walk.png
    python generate.py prediction --run=runs/kth --frames=60           # in chains of clips

Frames of the past have a blue border, and generated ones an orange border.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from commands.evaluation import data_folder
from commands.output import add_output, output_in_run
from commands.parser import Parser, whole
from commands.rendering import add_rendering, choose_labels, truncate, write_grid
from commands.snapshots import add_snapshot, open_snapshot, rung_of
from support.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from sampling.snapshot import Snapshot

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_OUTPUT = "prediction.mp4"
_PAST, _FUTURE, _TRUTH = (0, 114, 178), (230, 120, 0), (255, 255, 255)  # colours of borders
_BORDER = 2  # pixels


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--data", type=Path, help="data set folder (default: that of the run)")
    choice.add_argument("--source", type=Path, help="video, or folder of videos, to continue")
    flag(
        "--label",
        nargs=1,
        default=[],
        metavar="NAME",
        help="class of what is generated, of a generator of classes (default: that of each clip)",
    )
    flag("--start", type=whole(0), default=0, help="first frame of the past, of each clip's video")
    flag("--num", type=whole(1), default=4, help="clips to continue; fewer if there are fewer")
    flag("--futures", type=whole(1), default=3, help="per clip, each of another latent")
    flag(
        "--frames",
        type=whole(1),
        help="length of the clips; in longer ones than trained, the last frames of a clip are the "
        "past of the next (default: as trained)",
    )
    add_output(parser, _OUTPUT)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the grid."""
    output = output_in_run(args, _OUTPUT)
    snapshot = truncate(args, open_snapshot(args))
    import numpy as np

    from sampling.futures import check_predicts, sample_futures
    from support.media import from_uint8, to_uint8

    check_predicts(snapshot)
    clips, labels = read_clips(args, snapshot)
    # Without a critic there is one future.
    count = args.futures if snapshot.config.prediction.has_critic else 1
    seed = snapshot.config.train.seed if args.seed is None else args.seed
    given = np.stack([clip[: snapshot.config.prediction.past] for clip in clips])
    futures = sample_futures(
        *(snapshot, from_uint8(given), count, seed),
        frames=args.frames,
        labels=labels,
        truncation=args.truncation,
    )
    truths = [at_rung(clip, snapshot) for clip in clips]
    sheet = lay_out(
        truths, to_uint8(futures), snapshot.past_frames, output.suffix.lower() == ".png", args.plain
    )
    write_grid(args, output, sheet, snapshot)


def read_clips(
    args: argparse.Namespace, snapshot: "Snapshot"
) -> "tuple[list[np.ndarray], np.ndarray | None]":
    """The clips to continue, uint8 [T, H, W, 3] at the full size, and the labels of their classes.

    Those of a video may have fewer frames than --frames, but not fewer than the past.

    Raises:
        UserError: clips of --source have no --label, and the generator needs one.
    """
    import numpy as np

    config = snapshot.config
    classes, chosen = config.num_classes, choose_labels(args, snapshot)
    if args.source:
        if classes and not args.label:
            raise UserError(
                "--label should be given with --source for a generator of classes, one of "
                f"{', '.join(config.class_names)}. Received: none"
            )
        from dataset.beginnings import read_beginnings

        full, past = config.ladder[-1], config.prediction.past
        time = full.frames // rung_of(snapshot).frames
        full = dataclasses.replace(full, frames=max(full.frames, time * (args.frames or 0)))
        clips = read_beginnings(args.source, full, past, args.num, args.start)
        return clips, np.full(len(clips), chosen[0]) if classes else None
    from scoring.clip_sets import RecordClips

    reals = RecordClips(data_folder(args, snapshot), config.ladder[-1], config.network.classes)
    indices = range(min(args.num, len(reals)))
    labels = np.full(len(indices), chosen[0]) if args.label else reals.labels()[: len(indices)]
    return list(reals.clips(indices)), labels if classes else None


def at_rung(clip: "np.ndarray", snapshot: "Snapshot") -> "np.ndarray":
    """A clip [T, H, W, 3] uint8 of full size at the rung of the snapshot, as far as it goes."""
    from dataset.pyramid import pool, quantise

    ladder = snapshot.config.ladder
    full, rung = ladder[ladder.top], ladder[snapshot.phase.level]
    time, height, width = (a // b for a, b in zip(full.shape, rung.shape, strict=True))
    return quantise(pool(clip[: len(clip) // time * time], (time, height, width)))


def lay_out(
    truths: "list[np.ndarray]", futures: "np.ndarray", past: int, still: bool, plain: bool
) -> "np.ndarray":
    """A row per clip with the truth and its futures; in a picture, a row for each of them.

    Args:
        truths: [t, h, w, 3] uint8 each; where they end early, white frames follow.
        futures: [N, S, t, h, w, 3] uint8; they begin with the past.
        past: frames of the past.
        still: whether to draw the frames side by side.
        plain: whether to leave out the names.

    Returns:
        [T, H, W, 3] uint8.
    """
    import numpy as np

    from support.captions import name_columns, name_rows
    from support.media import filmstrip, tile_clips

    num, count, frames = futures.shape[:3]
    clips = np.full((num, 1 + count, *futures.shape[2:]), 255, np.uint8)
    for clip, truth in zip(clips, truths, strict=True):
        clip[0, : len(truth)] = truth[:frames]
    clips[:, 1:] = futures
    clips = clips.reshape(-1, *clips.shape[2:])  # [(N(1+S))THWC]
    is_truth = np.arange(len(clips)) % (1 + count) == 0
    clips = _outline(clips, past, is_truth)
    names = ["truth", *(f"future {number}" for number in range(1, count + 1))]
    if still:
        sheet = filmstrip(clips, frames)
        return sheet if plain else name_rows(sheet, names * num)
    sheet = tile_clips(clips, 1 + count)
    return sheet if plain else name_columns(sheet, names)


def _outline(clips, past, is_truth):
    """Draws the borders: of the past, of what was generated, and white ones of the truth."""
    import numpy as np

    from support.media import enlarge

    clips = enlarge(clips, 64)
    framed = np.empty((*clips.shape[:2], *(n + 2 * _BORDER for n in clips.shape[2:4]), 3), np.uint8)
    framed[:, :past] = _PAST
    framed[is_truth, past:] = _TRUTH
    framed[~is_truth, past:] = _FUTURE
    framed[:, :, _BORDER:-_BORDER, _BORDER:-_BORDER] = clips
    return framed
