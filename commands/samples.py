"""Makes clips of random latents: a grid, single clips, or one array."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from commands.output import check_file, check_writable, warn_of_rate
from commands.parser import Parser, one_of, whole
from commands.rendering import add_rendering, draw_latents, render, write_grid
from commands.snapshots import add_snapshot, choose_run, open_snapshot, rung_of
from support.errors import UserError
from support.files import new_folder, write_atomically
from support.media import FORMATS

if TYPE_CHECKING:
    import numpy as np

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_FORMATS = (*FORMATS, "npy")


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=16, help="clips")
    flag(
        "--output",
        type=Path,
        help=f"path to write, {', '.join(_FORMATS)} (default: <run>/samples.mp4)",
    )
    flag(
        "--format",
        type=one_of(_FORMATS),
        help="kind of file; npy: one array [N, T, H, W, 3] uint8 (default: as --output ends)",
    )
    flag("--layout", default="grid", type=one_of(["grid", "clips"]), help="one file, or a folder")
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the clips."""
    output, kind = choose_output(args)
    snapshot = open_snapshot(args)
    clips = render(snapshot, draw_latents(args, snapshot, args.num))
    if args.layout == "clips":
        write_clips(output, clips, kind, args.fps)
    elif kind == "npy":
        write_array(output, clips, (args.num, *rung_of(snapshot).shape, 3))
    else:
        import numpy as np

        from support.media import filmstrip, tile_clips

        stacked = np.stack(list(clips))
        sheet = filmstrip(stacked) if kind == "png" else tile_clips(stacked)
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


def write_clips(folder: Path, clips: Iterable["np.ndarray"], kind: str, fps: float):
    """Writes a new folder with a file per clip."""
    from support.media import write_clip

    warn_of_rate(kind, fps)
    with new_folder(folder) as temporary:
        for i, clip in enumerate(clips):
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
