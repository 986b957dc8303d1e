"""Writes the files next to the shards of a data set."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from dataset.clips import ClipRules
from dataset.encoding import Encoding
from dataset.metadata import FINGERPRINTS, FORMAT, Shard
from dataset.rates import common_rate
from dataset.tally import Tally
from dataset.tfds import write_tfds
from dataset.tfrecords import scan
from growth.ladder import Ladder
from support.files import write_atomically


def write_metadata(
    folder: Path,
    ladder: Ladder,
    encoding: Encoding,
    shards: dict[str, list[Shard]],
    fingerprints: dict[str, list[int]],
    tally: Tally,
    rules: ClipRules,
    about: dict,
):
    """Writes the files next to the shards; metadata.json last, which makes it a data set.

    Args:
        folder: of the data set.
        ladder: the rungs that are stored.
        encoding: of the pixels.
        shards: of each rung.
        fingerprints: of the records of each rung.
        tally: counts of clips and sources.
        rules: by which the clips were cut.
        about: goes into the metadata as it is.
    """
    index = {
        rung: np.array([n for shard in files for n in scan(folder / shard.file)], np.int64)
        for rung, files in shards.items()
    }
    for rung, values in fingerprints.items():
        if len(values) == tally.clips:  # Older versions began some data sets without them.
            index[rung + FINGERPRINTS] = np.array(values, np.int64)
    with open(folder / "index.npz", "wb") as file:
        np.savez(file, allow_pickle=False, **index)
    (folder / "rejected.txt").write_text(tally.rejected_lines())
    windows = {}
    if rules.clip_rule == "windows":
        windows = {"windows": {"frame_stride": rules.frame_stride}}
    else:
        for rung in ladder:
            write_tfds(folder / str(rung), rung, encoding.at(rung).name, shards[str(rung)])
    fps = common_rate(tally.rates)
    metadata = {
        "format": FORMAT,
        "ladder": str(ladder),
        "encoding": {str(rung): encoding.at(rung).name for rung in ladder},
        "quality": encoding.quality,
        "clips": tally.clips,
        "labels": [{"name": name, "clips": clips} for name, clips in tally.labels.items()],
        "rejected": len(tally.rejected),
        "source_frames": {str(frames): n for frames, n in sorted(tally.frames.items())},
        "source_rates": dict(sorted(tally.rates.items(), key=lambda item: float(item[0]))),
        "fps": fps and fps / rules.frame_stride,
        **({"left_out": tally.left_out} if tally.left_out else {}),
        **windows,
        **about,
        "shards": {k: [dataclasses.asdict(shard) for shard in v] for k, v in shards.items()},
    }
    with write_atomically(folder / "metadata.json") as path:
        path.write_text(json.dumps(metadata, indent=1) + "\n")
