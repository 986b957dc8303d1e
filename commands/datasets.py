"""What the commands on data sets share: opening one, choosing a rung, a table of its content."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.parser import Parser, real
from dataset.cache import Cache
from dataset.rates import rate_key
from support.addresses import is_remote
from support.errors import UserError
from support.startup import import_tensorflow

if TYPE_CHECKING:
    from dataset.records import Records
    from growth.ladder import Rung


def open_data(folder: Path) -> "Records":
    """The data set in a folder, whose files are checked; raises `UserError` where there is none."""
    from dataset.records import open_records

    if is_remote(folder):
        import_tensorflow()
    return open_records(folder)


def add_cache(parser: Parser):
    """Adds the flags of a cache for remote data sets."""
    flag = parser.add_argument
    flag("--data_cache", type=Path, help="folder that keeps what is read of remote data sets")
    flag("--data_cache_gb", type=real(0.001), default=100.0, help="maximum size of --data_cache")


def open_cache(args: argparse.Namespace) -> Cache | None:
    """The cache that --data_cache names."""
    return Cache(args.data_cache, int(args.data_cache_gb * 1e9)) if args.data_cache else None


def choose_rung(records: "Records", name: str | None) -> "Rung":
    """The rung of this name; None is the full clip."""
    rungs = {str(rung): rung for rung in records.ladder}
    if name is not None and name not in rungs:
        raise UserError(f"--rung should be one of {records.ladder}. Received: {name}")
    return rungs[name] if name else records.ladder[-1]


def print_sizes(records: "Records"):
    """Prints the frame rate, the encoding and size of each rung, and the clips of each label."""
    fps = records.fps
    print(f"Frames per second: {rate_key(fps) if fps else 'unknown'}")
    for rung, shards in records.shards.items():
        size = sum(shard.bytes for shard in shards) / 1e6
        kind = records.metadata["encoding"][rung]
        print(f"{rung:>12}  {kind:4}  {len(shards):3} shards  {size:10.1f} MB")
    for label in records.metadata["labels"]:
        print(f"{label['clips']:12}  {label['name']}")
