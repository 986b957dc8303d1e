"""Moves from latent to latent on a straight line (appendix B of the thesis), or in a loop."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import check_file
from commands.parser import Parser, whole
from commands.rendering import (
    add_label,
    add_rendering,
    choose_labels,
    draw_latents,
    middle_frames,
    render,
    truncate,
    write_grid,
)
from commands.snapshots import add_snapshot, choose_run, open_snapshot, rung_of
from support.errors import UserError
from support.media import FORMATS

if TYPE_CHECKING:
    import numpy as np

    from sampling.snapshot import Snapshot

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
LOOP_FRAMES = 64  # minimum number of moments on a circle


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--pairs", type=whole(1), default=4, help="pairs of latents, the rows of the grid")
    flag("--steps", type=whole(1), default=8, help="clips from latent to latent, the columns")
    flag(
        "--loop",
        action="store_true",
        help="one seamless loop per pair: the latent moves around a circle",
    )
    flag(
        "--output",
        type=Path,
        help=f"path to write, {', '.join(FORMATS)} (default: <run>/interpolation.mp4)",
    )
    add_label(parser)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the grid."""
    output = check_file(args.output or choose_run(args) / "interpolation.mp4", FORMATS)
    snapshot = truncate(args, open_snapshot(args))
    import numpy as np

    from support.media import filmstrip, tile_clips

    still = output.suffix.lower() == ".png"
    begin, end = np.split(draw_latents(args, snapshot, 2 * args.pairs), 2)
    of_pairs = weigh_classes(args, snapshot)
    if args.loop:
        clips = render_loops(snapshot, begin, end, of_pairs)
        sheet = filmstrip(clips) if still else tile_clips(clips)
    else:
        latents = np.linspace(begin, end, args.steps, axis=1)  # [NSK]
        weights = of_pairs and np.linspace(*of_pairs, args.steps, axis=1)  # [NSC]
        clips = np.stack(list(render(snapshot, _flat(latents), _flat(weights))))
        sheet = tile_clips(middle_frames(clips) if still else clips, args.steps)
    write_grid(args, output, sheet, snapshot)


def weigh_classes(
    args: argparse.Namespace, snapshot: "Snapshot"
) -> "tuple[np.ndarray, np.ndarray] | None":
    """The weights of the classes [pairs, C] at the begin and the end of each pair.

    One --label is that of all pairs, and two are their begin and end. Without --label each pair has
    a class of its own, in turn; without classes there are no weights.

    Raises:
        UserError: no such class, or more than two.
    """
    import numpy as np

    if len(args.label) > 2:
        raise UserError(f"--label should be one or two classes. Received: {len(args.label)}")
    chosen = choose_labels(args, snapshot)
    if not chosen:
        return None
    one_hot = np.eye(snapshot.config.network.num_classes, dtype=np.float32)
    if args.label:
        ends = [[label] * args.pairs for label in (chosen[0], chosen[-1])]
    else:
        ends = [[chosen[i % len(chosen)] for i in range(args.pairs)]] * 2
    return one_hot[ends[0]], one_hot[ends[1]]


def render_loops(
    snapshot: "Snapshot",
    begin: "np.ndarray",
    end: "np.ndarray",
    classes: "tuple[np.ndarray, np.ndarray] | None" = None,
) -> "np.ndarray":
    """Clips that play forwards and backwards while their latents move around a circle, once.

    The circle passes begin, end, -begin and -end [N, K]; all its latents are as likely as these.
    The weights of `classes` go from the first ones to the second ones and back.
    There are no jumps, also from the last frame to the first.

    Returns:
        [N, T, H, W, 3] uint8; T is a multiple of the frames forwards and backwards, and
        `LOOP_FRAMES` or more.
    """
    import numpy as np

    frames = rung_of(snapshot).frames
    play = [*range(frames), *range(frames - 2, 0, -1)]  # 0 1 2 3 2 1
    total = len(play) * -(-LOOP_FRAMES // len(play))
    angle = np.linspace(0, 2 * np.pi, total, endpoint=False)[:, None]
    latents = np.cos(angle) * begin[:, None] + np.sin(angle) * end[:, None]  # [NTK]
    weights = None
    if classes:
        share = (1 - np.cos(angle)) / 2
        weights = (1 - share) * classes[0][:, None] + share * classes[1][:, None]  # [NTC]
    clips = render(snapshot, _flat(latents), _flat(weights))
    moments = np.stack([clip[play[i % len(play)]] for i, clip in enumerate(clips)])
    return moments.reshape(len(begin), total, *moments.shape[1:])


def _flat(values):
    """[N, S, K] to [N S, K] float32; None stays."""
    return None if values is None else values.reshape(-1, values.shape[-1]).astype("float32")
