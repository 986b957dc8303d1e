"""Scores a run's generator.

python evaluate.py distance --config=faces      # runs/faces against datasets/faces
"""

import argparse
import math
from pathlib import Path

from absl.flags import argparse_flags

from dataset.pipeline import ClipPipeline
from support.errors import UserError, run_script
from training.distance import measure_distance
from training.snapshot import load_snapshot


def distance(args):
    """Prints sliced Wasserstein distance and motion energy, each beside that of the reals."""
    snapshot = load_snapshot(args.run, args.snapshot)
    config = snapshot.config
    clips = ClipPipeline(args.data, config.ladder, config.train.seed, config.train.mirror)
    found = measure_distance(snapshot, clips, args.num)
    print(
        "sliced Wasserstein distance {swd:.1f} (reals against reals {swd_floor:.1f})".format(
            **found
        )
    )
    print(
        "motion energy {motion:.2f} grey levels a frame (reals {motion_reals:.2f})".format(**found)
    )
    if args.most_distance is not None and found["swd"] > args.most_distance:
        raise UserError(
            f"The distance should be at most {args.most_distance:g}. Received: {found['swd']:.1f}"
        )
    bounds = [share * found["motion_reals"] for share in args.motion_within or (0, math.inf)]
    if not bounds[0] <= found["motion"] <= bounds[1]:
        raise UserError(
            f"The motion energy should be {bounds[0]:.2f} to {bounds[1]:.2f}. "
            f"Received: {found['motion']:.2f}"
        )


def parse(argv):
    """The sub-command and its flags."""
    parser = argparse_flags.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # absl has flags that begin with "run".
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "distance",
        help=distance.__doc__,
        description=distance.__doc__,
        inherited_absl_flags=None,
    )
    command.set_defaults(command=distance)
    flag = command.add_argument
    flag("--config", default="faces", help="preset that was trained (faces)")
    flag("--run", type=Path, help="folder of the run (runs/<config>)")
    flag("--data", type=Path, help="data set folder (datasets/<config>)")
    flag("--snapshot", type=int, help="nimg of the snapshot (the newest)")
    flag("--num", type=int, default=512, help="fakes and reals (512, or half of the reals)")
    flag("--most_distance", type=float, help="exit with 1 where the distance is larger")
    flag(
        "--motion_within",
        type=float,
        nargs=2,
        metavar=("LEAST", "MOST"),
        help="exit with 1 where the motion energy is not that many times the reals'",
    )
    return parser.parse_args(argv[1:])


def main(args):
    if args.num < 1:
        raise UserError(f"--num should be at least 1. Received: {args.num}")
    args.run = args.run or Path(f"runs/{args.config}")
    args.data = args.data or Path(f"datasets/{args.config}")
    args.command(args)


if __name__ == "__main__":
    run_script(main, flags_parser=parse)
