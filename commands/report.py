"""Writes the HTML page of a run, or of several to compare; it opens without a network.

python generate.py report --run=runs/faces                      # runs/faces/report/index.html
python generate.py report --run=runs/faces --run=runs/wgan_gp     # runs/faces/comparison
"""

import argparse
from pathlib import Path

from commands.output import check_writable
from commands.parser import Parser, whole
from metrics.published import PUBLISHED
from run_folder.reading import read_description
from support.startup import import_tensorflow

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--run", type=Path, nargs="+", action="extend", required=True, help="run folders")
    flag(
        "--output",
        type=Path,
        help="folder to write (default: report in the run, or comparison in the first one)",
    )
    flag(
        "--pairs",
        type=whole(0),
        default=4,
        help="pairs of latents of the interpolation; 0: make no clips",
    )


def run(args: argparse.Namespace):
    """Writes the page, and prints its path."""
    output = check_writable(args.output or choose_output(args.run))
    for path in args.run:
        read_description(path)  # A wrong folder is reported at once.
    if args.pairs:
        import_tensorflow()
        for path in args.run:
            interpolate(path, args.pairs)
    from dataset.card import find_data_set_card
    from run_folder.report.page import write_report
    from run_folder.report.run import read_run

    cards = [find_data_set_card(read_description(path)["data"]) for path in args.run]
    runs = [read_run(path, card) for path, card in zip(args.run, cards, strict=True)]
    print(write_report(runs, output, PUBLISHED))


def choose_output(runs: list[Path]) -> Path:
    """The folder of the page of one run, which training writes too, or of several."""
    return runs[0] / ("report" if len(runs) == 1 else "comparison")


def interpolate(path: Path, pairs: int):
    """Writes loops of the newest snapshot to the samples of a run, unless they are there."""
    import numpy as np

    from commands.interpolation import render_loops
    from sampling.latents import sample_latents
    from sampling.snapshot import list_snapshots, load_snapshot
    from support.media import FPS, tile_clips, write_clip

    known = list_snapshots(path)
    output = path / "samples" / f"interpolation-{known[-1] if known else 0:09d}.mp4"
    if not known or output.exists():
        return
    snapshot = load_snapshot(path)
    config = snapshot.config
    latents = sample_latents(2 * pairs, config.latent_size, config.train.seed)
    begin, end = np.split(latents, 2)
    classes = None
    if count := config.num_classes:
        classes = (np.eye(count, dtype=np.float32)[np.arange(pairs) % count],) * 2
    loops = render_loops(snapshot, begin, end, classes)
    write_clip(output, tile_clips(loops), snapshot.fps or FPS)
