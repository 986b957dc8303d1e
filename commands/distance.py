"""Prints sliced Wasserstein distance and motion energy, each with that of the reals.

No network is needed. The distance of two sets of reals is the floor.
"""

import argparse
import math

from commands.datasets import open_cache
from commands.evaluation import add_generator, data_folder
from commands.parser import Parser, real, whole
from commands.snapshots import open_snapshot
from support.errors import UserError
from support.words import counted

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_DISTANCES = {
    "swd": "patches of space and time",
    "swd_spatial": "single frames",
    "swd_temporal": "single pixels over time",
}


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=512, help="fakes and reals; at most half of the reals")
    flag("--max_distance", type=real(0), help="exit with status 1 where the distance is larger")
    flag(
        "--motion_range",
        type=real(0),
        nargs=2,
        metavar=("MIN", "MAX"),
        help="exit with status 1 where the motion energy over that of the reals is beyond these",
    )


def run(args: argparse.Namespace):
    """Prints the distances; raises `UserError` where a limit is passed."""
    snapshot = open_snapshot(args)
    from dataset.pipeline import ClipPipeline
    from scoring.distance import check_reals, count_compared, measure_distance
    from support.progress import Progress

    config = snapshot.config
    folder = data_folder(args, snapshot)
    seed, mirror, classes = config.train.seed, config.train.mirror, config.network.classes
    cache = open_cache(args)
    clips = ClipPipeline(folder, config.ladder, seed, mirror, classes=classes, cache=cache)
    with clips.translate_read_errors():
        check_reals(clips, args.num)
        with Progress(count_compared(clips, args.num), "fakes compared") as progress:
            found = measure_distance(snapshot, clips, args.num, progress.advance)
    print(describe(found))
    _check_limits(found, args.max_distance, args.motion_range or (0, math.inf))


def describe(found: dict[str, float]) -> str:
    """The result of `measure_distance` in a line per measure."""
    clips = counted(int(found["distance_clips"]), "clip")
    lines = [
        f"sliced Wasserstein distance {found[name]:.1f} (reals against reals "
        f"{found[f'{name}_floor']:.1f}), {clips}: {patches}"
        for name, patches in _DISTANCES.items()
    ]
    motion, reals = found["motion"], found["motion_reals"]
    lines.append(f"motion energy {motion:.2f} grey levels per frame (reals {reals:.2f}), {clips}")
    return "\n".join(lines)


def _check_limits(found, max_distance, motion_range):
    if max_distance is not None and found["swd"] > max_distance:
        raise UserError(
            f"The distance should be at most {max_distance:g}. Received: {found['swd']:.1f}"
        )
    low, high = (share * found["motion_reals"] for share in motion_range)
    if not low <= found["motion"] <= high:
        raise UserError(
            f"The motion energy should be {low:.2f} to {high:.2f}. Received: {found['motion']:.2f}"
        )
