"""An untrained run that continues clips, and its data set, for tests of commands."""

import json
from pathlib import Path

import keras

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from models.progressive import Progressive
from sampling.snapshot import save_snapshot
from tests.training.toys import tiny_config, write_config

FRAMES, PAST = 6, 3
LADDER = [f"growth.ladder=3x4x4 {FRAMES}x8x8 {FRAMES}x16x16", f"growth.num_frames={FRAMES}"]
STABLE, FADING = 200, 48  # nimg of its snapshots


def make_run(folder: Path, *settings) -> Path:
    """A run folder with snapshots in a fade and at the full size, and `folder/data`."""
    run, data = folder / "run", folder / "data"
    run.mkdir()
    config = tiny_config(*LADDER, f"prediction.past={PAST}", *settings)
    options = ReaderOptions(num_clips=8, num_frames=FRAMES, resolution=16, seed=7)
    sources = list_sources(data, "synthetic", options)
    about = {"tool_version": "0", "arguments": {}}
    create_dataset(data, sources, config.ladder, ClipRules(FRAMES), about=about)
    write_config(run, config)
    description = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(description | {"data": {"folder": str(data)}}))
    keras.utils.set_random_seed(0)
    generator = Progressive.generator(config)
    for nimg in (FADING, STABLE):
        save_snapshot(run, generator, nimg)
    return run
