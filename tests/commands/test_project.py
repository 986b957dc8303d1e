import json

import keras
import numpy as np
import pytest
from PIL import Image

from dataset.clips import ClipRules
from dataset.create import create_dataset
from dataset.readers import list_sources
from dataset.readers.source import ReaderOptions
from networks.generator import Generator
from sampling.snapshot import load_snapshot, save_snapshot
from support.errors import UserError
from support.media import to_uint8
from tests.commands.calls import call
from tests.training.toys import tiny_config, write_config


@pytest.fixture(scope="module")
def config():
    return tiny_config(
        "growth.ladder=4x4x4 8x8x8",
        "growth.resolution=8",
        "network.labels=projection",
        'network.classes=["left", "right"]',
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory, config):
    """An untrained generator of two classes at its last rung."""
    run = tmp_path_factory.mktemp("run")
    write_config(run, config)
    keras.utils.set_random_seed(0)  # Other weights may hardly follow the gradient.
    save_snapshot(run, Generator(config.ladder, config.network), 10**6)
    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory, config):
    folder = tmp_path_factory.mktemp("data") / "shapes"
    options = ReaderOptions(num_clips=8, num_frames=8, resolution=8, seed=0)
    sources = list_sources(folder, "synthetic", options)
    about = {"tool_version": "0", "arguments": {}}
    create_dataset(folder, sources, config.ladder, ClipRules(8), seed=0, about=about)
    return folder


@pytest.fixture(scope="module")
def projected(run, data, tmp_path_factory):
    output = tmp_path_factory.mktemp("out") / "p.png"
    few = ["--steps=4", "--restarts=2", f"--held_out={data}", "--num=2"]
    call("project", f"--run={run}", f"--data={data}", "--index=1", f"--output={output}", *few)
    return output


def test_the_way_and_the_distances(projected):
    record = json.loads(projected.with_suffix(".json").read_text())
    assert record["distance"] == min(record["restarts"]) <= record["start"]
    assert len(record["held_out"]) == 2
    with Image.open(projected) as picture:
        # Target, start and up to four more moments, of eight frames each.
        assert picture.width > 8 * 64
        assert 3 * 66 <= picture.height <= 6 * 66 + 40


def test_samples_and_interpolations_begin_at_the_latents(run, projected, tmp_path):
    latents = projected.with_suffix(".npz")
    output = tmp_path / "clips.npy"
    call("samples", f"--run={run}", f"--latents={latents}", f"--output={output}")
    with np.load(latents) as arrays:
        made = load_snapshot(run).sample(arrays["latents"], labels=arrays["labels"])
        assert arrays["labels"].shape == (1, 2)
    np.testing.assert_array_equal(np.load(output), to_uint8(made))
    grid = tmp_path / "between.png"
    flags = ["--pairs=2", "--steps=3", "--plain"]
    call("interpolation", f"--run={run}", f"--latents={latents}", f"--output={grid}", *flags)
    with Image.open(grid) as picture:
        first = np.asarray(picture)[:64:8, :64:8]
    np.testing.assert_array_equal(first, to_uint8(made)[0, 4])
    with pytest.raises(UserError, match="without --seeds"):
        call("samples", f"--run={run}", f"--latents={latents}", "--seeds=0")


def test_wrong_clips_are_reported(run, data):
    with pytest.raises(UserError, match="--index should be below 8. Received: 9"):
        call("project", f"--run={run}", f"--data={data}", "--index=9")
    with pytest.raises(UserError, match="--label should be one class. Received: 2"):
        call("project", f"--run={run}", f"--data={data}", "--label", "left", "right")
