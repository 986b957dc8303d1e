"""What lies beside the shards of a data set: metadata, index, rejected sources, files for TFDS."""

import collections
import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np

from dataset.encoding import Encoding
from dataset.readers.source import Source
from dataset.records import FORMAT, Shard, scan
from dataset.tfds import write_tfds
from growth.ladder import Ladder
from support.files import write_atomically


class Tally:
    """Counts what the clips of a data set come from.

    Args:
        labels: all names of labels, in order.
    """

    def __init__(self, labels: list[str]):
        self.labels = dict.fromkeys(labels, 0)
        self.clips, self.rejected, self.frames = 0, {}, collections.Counter()

    def add(self, source: Source, line: dict, clips: int):
        """Counts a source by its line in the journal, and the clips that are taken of it."""
        self.clips += clips
        if source.label is not None:
            self.labels[source.label] += clips
        if "rejected" in line:
            self.rejected[source.name] = line["rejected"]
        else:
            self.frames[line["frames"]] += 1

    def nothing(self, name: str) -> str:
        """Why there is no clip."""
        reasons = (f"{name} {why}" for name, why in itertools.islice(self.rejected.items(), 3))
        part = "" if name == "train" else "held-out "
        return f"All {len(self.rejected)} {part}sources are rejected: {'; '.join(reasons)}"


def write_metadata(
    folder: Path,
    ladder: Ladder,
    encoding: Encoding,
    shards: dict[str, list[Shard]],
    tally: Tally,
    about: dict,
):
    """Writes all that lies beside the shards; metadata.json last, which makes it a data set."""
    index = {
        rung: np.array([n for shard in files for n in scan(folder / shard.file)], np.int64)
        for rung, files in shards.items()
    }
    with open(folder / "index.npz", "wb") as file:
        np.savez(file, **index)
    lines = [f"{name}\t{reason}\n" for name, reason in tally.rejected.items()]
    (folder / "rejected.txt").write_text("".join(lines))
    for rung in ladder:
        write_tfds(folder / str(rung), rung, encoding.at(rung).name, shards[str(rung)])
    metadata = {
        "format": FORMAT,
        "ladder": str(ladder),
        "encoding": {str(rung): encoding.at(rung).name for rung in ladder},
        "quality": encoding.quality,
        "clips": tally.clips,
        "labels": [{"name": name, "clips": clips} for name, clips in tally.labels.items()],
        "rejected": len(tally.rejected),
        "source_frames": {str(frames): n for frames, n in sorted(tally.frames.items())},
        **about,
        "shards": {k: [dataclasses.asdict(shard) for shard in v] for k, v in shards.items()},
    }
    with write_atomically(folder / "metadata.json") as path:
        path.write_text(json.dumps(metadata, indent=1) + "\n")
