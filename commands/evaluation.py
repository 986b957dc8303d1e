"""What the commands of evaluate.py share: the clips that they compare, and the network."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commands.datasets import add_cache, open_cache
from commands.output import check_file
from commands.parser import Parser, one_of, whole
from commands.snapshots import add_snapshot, choose_run, open_snapshot
from metrics.controls import CONTROLS
from metrics.protocols import PROTOCOLS, protocol
from run_folder.reading import read_description
from support.errors import UserError
from support.startup import import_tensorflow

if TYPE_CHECKING:
    from sampling.snapshot import Snapshot
    from scoring.clip_sets import ClipSet, RecordClips
    from scoring.features import Extractor


def add_generator(parser: Parser):
    """Adds the flags of a generator and of the reals that it is compared with."""
    add_snapshot(parser)
    parser.add_argument("--data", type=Path, help="data set folder (default: that of the run)")
    add_cache(parser)


def add_network(parser: Parser, required: bool = True):
    """Adds the flags of a feature network and of the clips that it is given."""
    flag = parser.add_argument
    flag("--clips", type=Path, help="videos, .npy or data set to score in place of a run")
    add_weights(parser, "network, of convert_weights or train_c3d", required)
    flag("--frames", help="first16, centre16, stride2 or all (default: as the protocol)")
    flag("--held_out", type=Path, help="data set of reals that were not trained on")
    flag("--seed", type=whole(0), default=0, help="of latents and of the order of reals")
    flag("--cache", type=Path, help="folder for features (default: <data>/features)")
    flag(
        "--devices",
        type=lambda text: text.split(","),
        default=[],
        help="that make clips and compute features, such as GPU:0,GPU:1 (default: all GPUs, or "
        "else the CPU)",
    )


def add_weights(parser: Parser, about: str, required: bool = False):
    """Adds the flags --weights of a network, and --protocol."""
    flag = parser.add_argument
    flag("--weights", type=Path, required=required, help=about)
    flag("--protocol", type=one_of(PROTOCOLS), default="thesis", help="how clips are prepared")


def add_controls(parser: Parser, reals: str):
    """Adds the flag --controls."""
    parser.add_argument(
        "--controls",
        nargs="+",
        default=[],
        type=one_of(["all", *CONTROLS]),
        help=f"score {reals} too",
    )


def chosen_controls(args: argparse.Namespace) -> tuple[str, ...]:
    """The names of the controls of --controls."""
    return tuple(CONTROLS) if "all" in args.controls else tuple(args.controls)


def data_folder(args: argparse.Namespace, snapshot: "Snapshot | None" = None) -> Path:
    """The folder of --data, or else that of the data set of the run.

    A model that was passed on has only the name of its data set, which is looked for in datasets/.
    Without a run or a model, it is that of --config.

    Raises:
        UserError: the data set of the run is no longer there.
    """
    if args.data:
        return args.data
    if snapshot and args.model:
        return Path("datasets", snapshot.card.get("data", {}).get("name") or snapshot.config.name)
    if snapshot is None and args.run is None:
        return Path(f"datasets/{args.config}")
    run = choose_run(args)
    folder = read_description(run)["data"].get("folder", f"datasets/{run.name}")

    from dataset import storage

    if storage.size(f"{folder}/metadata.json") is None:
        raise UserError(
            f"Cannot find the data set of {run}: {folder} is no data set. Give its folder as "
            "--data, or make one of your videos with create_tfrecords."
        )
    return Path(folder)


def open_sets(
    args: argparse.Namespace, num: int, even_labels: bool = False
) -> tuple["RecordClips", "ClipSet"]:
    """The reals, and the clips to score: `num` of the generator, or those of --clips.

    A generator of classes makes them as frequent as in the reals, or all equally frequent.
    """
    if args.clips and (args.model or args.snapshot is not None):
        raise UserError("--clips should be given without --model and --snapshot.")
    if args.clips and not args.clips.exists():
        raise UserError(f"--clips should be a file or a folder. Received: {args.clips}")
    import_tensorflow()
    from scoring.clip_sets import RecordClips, clip_set
    from scoring.generated import GeneratedClips
    from training.devices import local_devices

    cache = open_cache(args)
    if args.clips:
        reals = RecordClips(data_folder(args), cache=cache)
        return reals, clip_set(args.clips, reals.rung.frames)
    snapshot = open_snapshot(args)
    config = snapshot.config
    folder, classes = data_folder(args, snapshot), config.network.classes
    reals = RecordClips(folder, config.ladder[-1], classes, cache)
    like = None if even_labels else reals
    devices = local_devices(args.devices)
    return reals, GeneratedClips.of_snapshot(snapshot, num, args.seed, like, devices)


def open_extractor(args: argparse.Namespace, reals: "RecordClips") -> "Extractor":
    """The network of --weights, used as --protocol states."""
    from scoring.features import cache_beside, load_extractor
    from training.devices import local_strategy, read_cluster

    chosen = protocol(args.protocol)
    if args.frames:
        chosen = dataclasses.replace(chosen, frames=args.frames)
    cache = args.cache or cache_beside(reals.records.folder)
    cluster = read_cluster()
    if cluster and cache is None:
        raise UserError(
            "--cache should be a folder that all workers of TF_CONFIG share. Received: none"
        )
    worker = cluster.place if cluster else (0, 1)
    return load_extractor(args.weights, chosen, cache, local_strategy(args.devices), worker)


def open_held_out(args: argparse.Namespace, reals: "RecordClips") -> "RecordClips | None":
    """The clips of --held_out, at the rung of the reals, their labels in the order of theirs."""
    from dataset.records import open_records
    from scoring.clip_sets import RecordClips

    if not args.held_out:
        return None
    cache, names = open_cache(args), reals.label_names
    same = set(open_records(args.held_out, cache=cache).label_names) == set(names)
    classes = names if same else reals.about.get("classes", ())
    return RecordClips(args.held_out, reals.rung, classes, cache)


def choose_output(
    args: argparse.Namespace, name: str, formats: Sequence[str], fakes: "ClipSet"
) -> Path:
    """The file to write, checked: --output, or else one in the run, or here."""
    if args.clips:
        default = Path(f"{name}.{formats[0]}")
    else:
        default = choose_run(args) / f"{name}-{fakes.about['nimg']}.{formats[0]}"
    return check_file(args.output or default, formats)
