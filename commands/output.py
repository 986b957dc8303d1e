"""Where a command writes: paths that are checked before the work, and moving pictures."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.parser import Parser
from commands.snapshots import choose_run
from support.errors import UserError
from support.media import FORMATS

if TYPE_CHECKING:
    import numpy as np


def add_output(parser: Parser, default: str, formats: Sequence[str] = FORMATS):
    """Adds the flag --output of a file, by default `default` in the folder of the run."""
    parser.add_argument(
        "--output",
        type=Path,
        help=f"path to write, {', '.join(formats)} (default: <run>/{default})",
    )


def output_in_run(args: argparse.Namespace, default: str, formats: Sequence[str] = FORMATS) -> Path:
    """The file of `add_output`; raises `UserError` where it cannot be written."""
    return check_file(args.output or choose_run(args) / default, formats)


def check_file(path: Path, formats: Sequence[str]) -> Path:
    """`path`, to which a file can be written.

    Args:
        path: of the file.
        formats: suffixes without their dot.

    Raises:
        UserError: it ends in none of them, or it cannot be written.
    """
    if path.suffix[1:].lower() not in formats:
        endings = ", ".join(f".{ending}" for ending in formats)
        raise UserError(f"--output should end in {endings}. Received: {path}")
    if path.is_dir():
        raise UserError(f"Cannot write {path}: it is a folder. Use another --output.")
    return check_writable(path)


def check_writable(path: Path) -> Path:
    """`path`, where a file or folder can be made; raises `UserError` where none can."""
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise UserError(f"Cannot write {path}: {above} is no folder. Use another --output.")
    if not os.access(above, os.W_OK):
        raise UserError(f"Cannot write {path}: {above} is read-only. Use another --output.")
    return path


def write_sheet(path: Path, sheet: "np.ndarray", fps: float):
    """Writes a grid of clips [T, H, W, 3] uint8, or for .png its one frame; prints the path."""
    from support.media import write_clip

    warn_of_rate(path.suffix[1:], fps)
    write_clip(path, sheet, fps)
    print(path)


def warn_of_rate(kind: str, fps: float):
    """Prints a warning where a format cannot hold a frame rate."""
    from support.media import MAX_GIF_FPS

    if kind.lower() == "gif" and fps > MAX_GIF_FPS:
        print(
            f"Warning: browsers play GIFs at up to {MAX_GIF_FPS} frames per second. "
            f"It is written with {MAX_GIF_FPS}, not with {fps:g}. Other formats have no such limit."
        )
