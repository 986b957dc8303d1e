"""The card of a data set: what its metadata state, for people to read."""

import itertools
import shlex
from pathlib import Path

from dataset import storage
from dataset.metadata import read_metadata
from dataset.stats import length_table
from support.addresses import normalise
from support.errors import UserError

_MAX_REJECTED = 50  # sources that are listed


def data_set_card(folder: Path | str) -> dict:
    """Describes the data set in `folder` by plain values.

    Returns:
        "folder", "ladder", "clips", "fps" (None where it is not known), "encoding" {rung: name},
        "bytes"; "labels", "rates" and "lengths", lists of (name, number of clips or of sources);
        "rejected", the number of rejected sources, and "reasons", the first of them; "command", by
        which it can be made again.

    Raises:
        UserError: there is no data set, or its metadata are damaged.
    """
    folder = normalise(folder)
    metadata = read_metadata(folder)
    shards = itertools.chain.from_iterable(metadata["shards"].values())
    return {
        "folder": folder,
        **{key: metadata[key] for key in ("ladder", "clips", "fps", "encoding", "rejected")},
        "bytes": sum(shard["bytes"] for shard in shards),
        "labels": [(label["name"], label["clips"]) for label in metadata["labels"]],
        "rates": list(metadata["source_rates"].items()),
        "lengths": [
            (f"{first} to {last}" if last > first else str(first), number)
            for first, last, number in length_table(metadata["source_frames"])
        ],
        "reasons": _read_rejected(folder),
        "command": _command(metadata["arguments"]),
    }


def find_data_set_card(data: dict) -> dict:
    """The card of the data set that a run's description names; {} where it is not there."""
    try:
        return data_set_card(data["folder"]) if "folder" in data else {}
    except UserError:
        return {}


def _read_rejected(folder):
    path = f"{folder}/rejected.txt"
    if not storage.size(path):
        return []
    lines = storage.read(path).decode(errors="replace").splitlines()
    return [line.replace("\t", ": ") for line in lines[:_MAX_REJECTED]]


def _command(arguments):
    flags = [f"--{name}={value}" for name, value in arguments.items()]
    return shlex.join(["python", "dataset_tool.py", "create_tfrecords", *flags]) if flags else ""
