"""Makes clips of random latents: a grid, single clips, or one array."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import add_output, check_file, check_writable, warn_of_rate
from commands.parser import Parser, one_of, seed_list, whole
from commands.rendering import (
    add_label,
    add_latents,
    add_rendering,
    choose_labels,
    choose_rate,
    draw_latents,
    open_latents,
    render,
    truncate,
    write_grid,
)
from commands.snapshots import add_snapshot, choose_run, open_snapshot, rung_of
from support.errors import UserError
from support.files import new_folder, write_atomically
from support.media import FORMATS

if TYPE_CHECKING:
    import numpy as np

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_FORMATS = (*FORMATS, "npy")
_OUTPUT = f"samples.{FORMATS[0]}"


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=16, help="clips")
    flag("--seeds", type=seed_list, help="one clip per seed, such as 0-63,100, in place of --num")
    add_output(parser, _OUTPUT, _FORMATS)
    flag(
        "--format",
        type=one_of(_FORMATS),
        help="kind of file; npy: one array [N, T, H, W, 3] uint8 (default: as --output ends)",
    )
    flag("--layout", default="grid", type=one_of(["grid", "clips"]), help="one file, or a folder")
    add_label(parser)
    flag("--show", help="foreground, background or mask of a VGAN (default: the clips)")
    flag("--frames", type=whole(1), help="length of the clips of a MoCoGAN (default: as trained)")
    flag("--same", help="part of the latents that all clips share, such as a MoCoGAN's content")
    add_latents(parser)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the clips."""
    if args.seeds and args.seed is not None:
        raise UserError("--seeds should be given without --seed.")
    if args.latents and (args.seeds or args.same or args.frames or args.label):
        raise UserError("--latents should be given without --seeds, --same, --frames and --label.")
    output, kind = choose_output(args)
    snapshot = truncate(args, open_snapshot(args))
    from sampling.latents import even_labels

    if args.show:
        snapshot = snapshot.show(args.show)
    chosen = choose_labels(args, snapshot)
    if chosen and args.same == "category":
        raise UserError("--same=category should be --label=NAME for a generator of classes.")
    if given := open_latents(args, snapshot):
        latents, labels = given
        num, chosen = len(latents), []
    else:
        num = len(args.seeds or range(args.num))
        labels = even_labels(num, chosen) if chosen else None
        latents = draw_latents(args, snapshot, num, args.frames, args.same)
    clips = render(snapshot, latents, labels)
    if args.layout == "clips":
        numbers = args.seeds or range(num)
        write_clips(output, clips, kind, choose_rate(args, snapshot), numbers)
    elif kind == "npy":
        frames, height, width = rung_of(snapshot).shape
        write_array(output, clips, (num, args.frames or frames, height, width, 3))
    else:
        import numpy as np

        from support.grids import tile_groups

        names = None
        if labels is not None and chosen:
            names = [snapshot.config.class_names[label] for label in labels]
        sheet = tile_groups(np.stack(list(clips)), names, kind == "png", args.plain)
        write_grid(args, output, sheet, snapshot)


def choose_output(args: argparse.Namespace) -> tuple[Path, str]:
    """Path and format, the one as the other implies where it is not given; raises `UserError`."""
    folder = choose_run(args)
    if args.layout == "clips":
        if args.format == "npy":
            kinds = ", ".join(FORMATS)
            raise UserError(f"--layout=clips should be of {kinds}. Received: --format=npy")
        return check_writable(args.output or folder / "clips"), args.format or FORMATS[0]
    formats = (args.format,) if args.format else _FORMATS
    output = check_file(args.output or folder / f"samples.{formats[0]}", formats)
    return output, output.suffix[1:].lower()


def write_clips(
    folder: Path, clips: Iterable["np.ndarray"], kind: str, fps: float, numbers: Iterable[int]
):
    """Writes a new folder with a file per clip, whose names have these numbers."""
    from support.media import write_clip

    warn_of_rate(kind, fps)
    with new_folder(folder) as temporary:
        for i, clip in zip(numbers, clips, strict=True):
            write_clip(temporary / f"clip-{i:04d}.{kind}", clip, fps)
    print(folder)


def write_array(path: Path, clips: Iterable["np.ndarray"], shape: tuple[int, ...]):
    """Writes uint8 `clips` as a .npy of `shape`, one after the other."""
    import numpy as np

    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for clip in clips:
            file.write(clip.tobytes())
    print(path)
