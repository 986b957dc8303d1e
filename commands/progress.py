"""Shows the same latents over training (figure 8.1 of the thesis), all at the full size."""

import argparse

from commands.output import add_output, output_in_run, write_sheet
from commands.parser import Parser, whole
from commands.rendering import add_rendering, choose_rate, draw_latents, middle_frames, truncate
from commands.snapshots import add_run, choose_run, describe, rung_of
from run_folder.reading import read_config
from support.media import FORMATS
from support.startup import import_tensorflow

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_FORMATS = ("png", *(kind for kind in FORMATS if kind != "png"))
_OUTPUT = "progress.png"


def flags(parser: Parser):
    """Declares the flags."""
    add_run(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=4, help="latents, the rows")
    flag("--columns", type=whole(1), default=8, help="snapshots, evenly chosen")
    add_output(parser, _OUTPUT, _FORMATS)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the grid, and prints its columns."""
    folder, output = choose_run(args), output_in_run(args, _OUTPUT, _FORMATS)
    read_config(folder)
    import_tensorflow()
    import numpy as np

    from growth.resample import upscale
    from sampling.snapshot import list_snapshots, load_snapshot
    from support.captions import name_columns
    from support.media import evenly, tile_clips, to_uint8

    known = list_snapshots(folder)
    columns, names = [], []
    # Where there is no snapshot, `load_snapshot` reports it.
    for nimg in [known[i] for i in evenly(len(known), args.columns)] or [None]:
        snapshot = truncate(args, load_snapshot(folder, nimg))
        clips = snapshot.sample(draw_latents(args, snapshot, args.num), snapshot.phase.minibatch)
        t, h, w = np.floor_divide(snapshot.config.ladder[-1].shape, rung_of(snapshot).shape)
        columns.append(np.asarray(upscale(to_uint8(clips), (int(t), int(h), int(w)))))
        names.append(f"kimg {round(snapshot.phase.nimg / 1000, 1):g} {rung_of(snapshot)}")
        print(f"column {len(columns)}: {describe(snapshot)}")
    rows = np.stack(columns, axis=1)  # [NSTHWC]
    clips = rows.reshape(-1, *rows.shape[2:])
    sheet = tile_clips(
        middle_frames(clips) if output.suffix.lower() == ".png" else clips, len(columns)
    )
    sheet = sheet if args.plain else name_columns(sheet, names)
    write_sheet(output, sheet, choose_rate(args, snapshot))
