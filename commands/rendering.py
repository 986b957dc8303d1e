"""What the commands that make clips share: their flags, latents, and clips in grids."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import write_sheet
from commands.parser import Parser, real, whole
from commands.snapshots import describe
from support.errors import UserError
from support.media import FPS
from support.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from sampling.snapshot import Snapshot


def add_rendering(parser: Parser):
    """Adds the flags of latents and of grids."""
    flag = parser.add_argument
    flag("--seed", type=whole(0), help="of the latents (default: the run's, as in training)")
    flag(
        "--truncation",
        type=real(0.01),
        help="truncation trick: resample latent values above this (default: off)",
    )
    flag("--psi", type=real(0, 1), default=1.0, help="truncation toward the mean; 1: none")
    flag(
        "--fps",
        type=real(1),
        help=f"frames per second (default: the data set's, or else {FPS})",
    )
    flag("--plain", action="store_true", help="draw no captions")


def add_latents(parser: Parser):
    """Adds the flag --latents."""
    parser.add_argument(
        "--latents", type=Path, help="latents of project (.npz) in place of drawn ones"
    )


def open_latents(
    args: argparse.Namespace, snapshot: "Snapshot"
) -> "tuple[np.ndarray, np.ndarray | None] | None":
    """The latents [N, K] of --latents and the weights of their classes [N, C]; None without it.

    Raises:
        UserError: they are of another generator.
    """
    if not args.latents:
        return None
    from sampling.projection import load_latents

    config = snapshot.config
    return load_latents(args.latents, config.latent_size, config.num_classes)


def draw_latents(
    args: argparse.Namespace,
    snapshot: "Snapshot",
    num: int,
    frames: int | None = None,
    same: str | None = None,
) -> "np.ndarray":
    """Latents [num, K]; by default the first are those of the pictures in training.

    Args:
        args: those of `add_rendering`; perhaps with "seeds", one for each latent.
        snapshot: of the generator.
        num: number of latents.
        frames: of the clips, where they have another length.
        same: the part of the latents that all have in common.
    """
    from sampling.latents import latents_of_seeds, sample_latents, share_part

    config = snapshot.config
    seed = config.train.seed if args.seed is None else args.seed
    seeds = getattr(args, "seeds", None)
    parts = config.model.latent_parts(config)
    if frames is not None:
        parts = config.model.lengthen(parts, config, frames)
    size = sum(parts.values())
    if seeds:
        latents = latents_of_seeds(seeds, size, args.truncation)
    else:
        latents = sample_latents(num, size, seed, args.truncation)
    return share_part(latents, parts, same) if same else latents


def truncate(args: argparse.Namespace, snapshot: "Snapshot") -> "Snapshot":
    """The generator, with the truncation of --psi; raises `UserError` where it has none."""
    return snapshot if args.psi == 1 else snapshot.truncate(args.psi)


def add_label(parser: Parser):
    """Adds the flag --label."""
    parser.add_argument(
        "--label",
        nargs="+",
        default=[],
        metavar="NAME",
        help="classes to make (default: all that the generator has)",
    )


def choose_labels(args: argparse.Namespace, snapshot: "Snapshot") -> list[int]:
    """The classes of --label, or else all; none for a generator without classes.

    Raises:
        UserError: the generator has no such class.
    """
    names = snapshot.config.class_names
    for name in args.label:
        if name not in names:
            known = ", ".join(names) or "left out: this generator was trained without labels"
            raise UserError(f"--label should be {'one of ' * bool(names)}{known}. Received: {name}")
    return [names.index(name) for name in args.label or names]


def render(
    snapshot: "Snapshot", latents: "np.ndarray", labels: "np.ndarray | None" = None
) -> Iterator["np.ndarray"]:
    """Yields a clip [T, H, W, 3] uint8 for each of `latents` [N, K], a minibatch in memory.

    `labels` are those of a generator of classes, [N], or weights [N, C].
    """
    from support.media import to_uint8

    with Progress(len(latents), "clips") as progress:
        for clips in snapshot.minibatches(latents, snapshot.phase.minibatch, labels):
            yield from to_uint8(clips)
            progress.advance(len(clips))


def middle_frames(clips: "np.ndarray") -> "np.ndarray":
    """The middle frame of each clip [N, T, H, W, 3], as [N, 1, H, W, 3]."""
    return clips[:, clips.shape[1] // 2, None]


def choose_rate(args: argparse.Namespace, snapshot: "Snapshot") -> float:
    """Frames per second: --fps, or else those of the snapshot's data set."""
    return args.fps or snapshot.fps or FPS


def write_grid(args: argparse.Namespace, output: Path, sheet: "np.ndarray", snapshot: "Snapshot"):
    """Writes a grid [T, H, W, 3] with a caption, unless --plain is given."""
    from support.captions import add_caption

    if not args.plain:
        sheet = add_caption(sheet, f"{snapshot.config.name}, {describe(snapshot)}")
    write_sheet(output, sheet, choose_rate(args, snapshot))
