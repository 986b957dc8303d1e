"""Computes all measures of a run or of clips: a row of the tables, as JSON.

Some of the clips are written next to it, as an array.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from commands.datasets import open_cache
from commands.evaluation import add_generator, add_network, open_extractor, open_sets
from commands.output import check_file
from commands.parser import Parser, one_of, whole
from commands.snapshots import choose_run
from metrics.controls import CONTROLS
from metrics.protocols import protocol
from run_folder.reading import read_history
from support.errors import UserError
from support.files import write_atomically, write_json

if TYPE_CHECKING:
    from scoring.clip_sets import ClipSet, RecordClips
    from scoring.features import Extractor

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
SHOWN = 8  # clips in the array


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    add_network(parser)
    flag = parser.add_argument
    flag("--num", type=whole(4), help="clips of a score (default: as the protocol)")
    flag("--curve", type=whole(0), default=0, help="clips of a score of earlier snapshots; 0: none")
    flag("--control", type=one_of(CONTROLS), help="change the clips first")
    flag("--reference", type=Path, help="larger reals for the network (default: --data)")
    flag("--reference_held_out", type=Path, help="larger reals that were not trained on")
    flag("--output", type=Path, required=True, help="JSON to write")


@dataclasses.dataclass(frozen=True)
class _Sets:
    """What clips are measured with."""

    extractor: "Extractor"
    reals: "RecordClips"
    held_out: "RecordClips"
    same_size: "tuple[RecordClips, RecordClips]"

    def measure(self, fakes: "ClipSet", num: int, seed: int, memorisation: bool = True) -> dict:
        """The row of some clips."""
        from scoring.row import measure_row

        return measure_row(
            self.extractor,
            self.reals,
            fakes,
            self.held_out,
            num=num,
            seed=seed,
            same_size=self.same_size,
            memorisation=memorisation,
        )


def run(args: argparse.Namespace):
    """Writes the row, and the array."""
    check_file(args.output, ["json"])
    if args.held_out is None or bool(args.reference) != bool(args.reference_held_out):
        raise UserError(
            "--held_out should be given, and --reference_held_out with --reference. Received: "
            f"--held_out={args.held_out}"
        )
    num = args.num or protocol(args.protocol).clips
    same_size, clips = open_sets(args, num * protocol(args.protocol).repeats)
    from scoring.changed_clips import ChangedClips
    from scoring.clip_sets import RecordClips

    cache = open_cache(args)
    held_out = RecordClips(args.held_out, same_size.rung, cache=cache)
    reals, others = same_size, held_out
    if args.reference:
        reals = RecordClips(args.reference, cache=cache)
        others = RecordClips(args.reference_held_out, cache=cache)
    sets = _Sets(open_extractor(args, reals), reals, others, (same_size, held_out))
    fakes: ClipSet = ChangedClips(clips, args.control) if args.control else clips
    row = sets.measure(fakes, num, args.seed)
    if not args.clips:
        row |= {"kimg": clips.about["nimg"] / 1000}
        row |= {"curve": _curve(args, sets) if args.curve and not args.model else []}
    _write_clips(args.output.with_suffix(".npy"), fakes)
    write_json(args.output, row)
    print(args.output)


def _curve(args, sets):
    """The rows of the snapshots of a run at its ticks, with the seconds until then."""
    from sampling.snapshot import list_snapshots, load_snapshot
    from scoring.generated import GeneratedClips
    from training.devices import local_devices

    devices = local_devices(args.devices)
    path, rows = choose_run(args), []
    ticks = {line["nimg"]: line for line in read_history(path)}
    total = args.curve * protocol(args.protocol).repeats
    for nimg in (n for n in list_snapshots(path) if n in ticks):
        snapshot = load_snapshot(path, nimg)
        fakes = GeneratedClips.of_snapshot(snapshot, total, args.seed, sets.same_size[0], devices)
        row = sets.measure(fakes, args.curve, args.seed, memorisation=False)
        del row["details"]
        rows.append({"kimg": nimg / 1000, "seconds": ticks[nimg].get("seconds")} | row)
    return rows


def _write_clips(path, fakes):
    import numpy as np

    clips = np.stack(list(fakes.clips(range(min(SHOWN, len(fakes))))))
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        np.save(file, clips)
