"""Moves from latent to latent on a straight line (appendix B of the thesis), or in a loop."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import check_file
from commands.parser import Parser, whole
from commands.rendering import add_rendering, draw_latents, middle_frames, render, write_grid
from commands.snapshots import add_snapshot, choose_run, open_snapshot, rung_of
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
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the grid."""
    output = check_file(args.output or choose_run(args) / "interpolation.mp4", FORMATS)
    snapshot = open_snapshot(args)
    import numpy as np

    from support.media import filmstrip, tile_clips

    still = output.suffix.lower() == ".png"
    begin, end = np.split(draw_latents(args, snapshot, 2 * args.pairs), 2)
    if args.loop:
        clips = render_loops(snapshot, begin, end)
        sheet = filmstrip(clips) if still else tile_clips(clips)
    else:
        latents = np.linspace(begin, end, args.steps, axis=1)  # [NSK]
        clips = np.stack(list(render(snapshot, latents.reshape(-1, latents.shape[-1]))))
        sheet = tile_clips(middle_frames(clips) if still else clips, args.steps)
    write_grid(args, output, sheet, snapshot)


def render_loops(snapshot: "Snapshot", begin: "np.ndarray", end: "np.ndarray") -> "np.ndarray":
    """Clips that play forwards and backwards while their latents move around a circle, once.

    The circle passes begin, end, -begin and -end [N, K]; all its latents are as likely as these.
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
    clips = render(snapshot, latents.reshape(-1, latents.shape[-1]))
    moments = np.stack([clip[play[i % len(play)]] for i, clip in enumerate(clips)])
    return moments.reshape(len(begin), total, *moments.shape[1:])
