"""Draws fakes with their nearest reals, and prints how near these are."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.evaluation import (
    add_generator,
    add_network,
    choose_output,
    open_extractor,
    open_held_out,
    open_sets,
)
from commands.output import check_file, write_sheet
from commands.parser import Parser, whole
from commands.rendering import middle_frames
from support.files import write_json
from support.media import FORMATS, FPS

if TYPE_CHECKING:
    import numpy as np

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_FORMATS = ("png", *(kind for kind in FORMATS if kind != "png"))


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    add_network(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=256, help="fakes")
    flag(
        "--output",
        type=Path,
        help=f"picture: {', '.join(_FORMATS)} (default: <run>/memorisation-<nimg>.png)",
    )


def run(args: argparse.Namespace):
    """Writes the picture, and the numbers next to it."""
    if args.output:
        check_file(args.output, _FORMATS)
    reals, fakes = open_sets(args, args.num)
    output = choose_output(args, "memorisation", _FORMATS, fakes)
    from scoring.memorisation import find_neighbours

    extractor, held_out = open_extractor(args, reals), open_held_out(args, reals)
    found, clips = find_neighbours(extractor, reals, fakes, held_out, num=args.num, seed=args.seed)
    print(
        "distance of a fake to the nearest training clip: {nearest:.4g}, {ratio:.3f} times that of "
        "a held-out clip ({fakes} fakes, {reals} training clips, {held_out} held out)".format(
            **found
        )
    )
    if held_out is None:
        print("Held out: a tenth of --data, which may have been trained on. Give --held_out.")
    sheet = draw(clips, still=output.suffix.lower() == ".png")
    write_sheet(output, sheet, reals.records.fps or FPS)
    record = {"network": extractor.about, "fakes": fakes.about, "reals": reals.about}
    write_json(output.with_suffix(".json"), found | record | {"seed": args.seed})


def draw(clips: "np.ndarray", still: bool) -> "np.ndarray":
    """A grid of fakes, each above its neighbours, with the names of the rows.

    Args:
        clips: [shown, 1 + count, T, H, W, 3] uint8, as `find_neighbours` returns them.
        still: whether to draw the middle frames alone.
    """
    from support.captions import name_rows
    from support.media import tile_clips

    columns = clips.swapaxes(0, 1)  # [1 + count, shown, T, H, W, 3] A fake above its neighbours.
    clips = columns.reshape(-1, *clips.shape[2:])
    sheet = tile_clips(middle_frames(clips) if still else clips, columns.shape[1])
    names = ["fake", "nearest real", *(f"{n}. nearest" for n in range(2, len(columns)))]
    return name_rows(sheet, names)
