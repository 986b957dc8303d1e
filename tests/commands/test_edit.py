import dataclasses

import keras
import numpy as np
import pytest
from PIL import Image

from metrics import weights
from metrics.c3d import C3D
from metrics.protocols import protocol
from sampling.latents import sample_latents
from sampling.snapshot import load_snapshot
from scoring.features import load_extractor
from scoring.generated import GeneratedClips
from support.errors import UserError
from support.media import to_uint8
from tests.commands.making import make, size


def test_edits_along_directions(trained, tmp_path):
    output = tmp_path / "edit.png"
    make(trained, "edit", "--count=2", "--steps=3", f"--output={output}", "--plain")
    assert size(output) == (1, 4 * 66 - 2, 3 * 66 - 2)
    with Image.open(output) as picture:
        cells = np.asarray(picture)[:64, :196]
    left, middle, right = (cells[:, x : x + 64] for x in (0, 66, 132))
    snapshot = load_snapshot(trained)
    config = snapshot.config
    latents = sample_latents(2, config.latent_size, config.train.seed)
    clips = to_uint8(snapshot.sample(latents))
    np.testing.assert_array_equal(middle[::4, ::4], clips[0, 4])
    assert (left != middle).any()
    assert (left != right).any()
    make(trained, "edit", "--count=1", "--num=1", f"--output={tmp_path}/edit.mp4")
    assert size(tmp_path / "edit.mp4")[0] == 8
    with pytest.raises(UserError, match="--label should be given with --weights"):
        make(trained, "edit", "--label", "right")


def test_edits_toward_a_class(trained, tmp_path):
    network, output = tmp_path / "c3d.weights.h5", tmp_path / "edit.png"
    keras.utils.set_random_seed(0)
    classifier = C3D(2, width=4)
    weights.save(classifier, network, {"class_names": ["right", "left"]})
    flags = [f"--weights={network}", "--protocol=c3d_torch", "--draws=16", "--steps=2"]
    flags.append(f"--output={output}")
    with pytest.raises(UserError, match="one of right, left. Received: up"):
        make(trained, "edit", *flags, "--label", "up")
    # A bias that puts half of the clips in each class.
    snapshot = load_snapshot(trained)
    fakes = GeneratedClips.of_snapshot(snapshot, 16)
    of_logits = dataclasses.replace(protocol("c3d_torch"), features="logits")
    logits = load_extractor(network, of_logits, None).extract(fakes, range(16)).values
    bias = np.median(logits[:, 1] - logits[:, 0])
    classifier.fc8.bias.assign([bias, 0])
    weights.save(classifier, network, {"class_names": ["right", "left"]})
    make(trained, "edit", *flags, "--label", "left", "--num=1")
    assert output.exists()
