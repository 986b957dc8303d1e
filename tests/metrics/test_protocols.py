import dataclasses
import json

import numpy as np
import pytest

from metrics.preprocess import preprocess
from metrics.protocols import PROTOCOLS, protocol
from support.errors import UserError

# Network, size, filter, crop, channels, range, rows and columns of the mean.
PREPARATION = {
    "thesis": ("c3d", (128, 128), "bicubic", 112, "bgr", (0, 255), ((8, 120), (29, 141))),
    "tgan": ("c3d", (128, 128), "bicubic", 112, "bgr", (0, 255), ((8, 120), (29, 141))),
    "tgan2": ("c3d", (112, 112), "bilinear_corners", 112, "bgr", (0, 255), ((8, 120), (8, 120))),
    "styleganv": (
        *("c3d", (112, 112), "bilinear_corners", 112),
        *("bgr", (0, 255), ((8, 120), (8, 120))),
    ),
    "c3d_torch": ("c3d", 112, "bilinear", 112, "rgb", (0, 255), None),
    "fvd": ("i3d", (224, 224), "bilinear_tf1", 224, "rgb", (-1, 1), None),
    "i3d": ("i3d", 256, "bilinear", 224, "rgb", (-1, 1), None),
    "inception_keras": ("inception", (299, 299), "bilinear", 299, "rgb", (-1, 1), None),
}

# Frames, clips, splits, repeats, epsilon, order of the reals.
COUNTS = {
    "thesis": ("centre16", 10000, 1, 4, 1e-7, "random"),
    "tgan": ("centre16", 9984, 1, 4, 1e-7, "random"),
    "tgan2": ("centre16", 2048, 1, 10, 1e-20, "random"),
    "styleganv": ("first16", 2048, 10, 1, 0, "random"),
    "c3d_torch": ("centre16", 10000, 1, 4, 1e-7, "random"),
    "fvd": ("all", 2048, 1, 1, 0, "random"),
    "i3d": ("all", 10000, 1, 1, 1e-7, "random"),
    "inception_keras": ("all", 10000, 10, 1, 0, "random"),
}

# Endpoint of the distances, and measures.
MEASURES = {
    "thesis": ("fc6", ("inception_score", "frechet_distance", "kernel_distance")),
    "tgan": ("probabilities", ("inception_score",)),
    "tgan2": ("probabilities", ("inception_score",)),
    "styleganv": ("probabilities", ("inception_score",)),
    "c3d_torch": ("fc6", ("inception_score", "frechet_distance", "kernel_distance")),
    "fvd": ("logits", ("frechet_distance", "kernel_distance")),
    "i3d": ("probabilities", ("inception_score",)),
    "inception_keras": ("pool", ("inception_score", "frechet_distance", "kernel_distance")),
}


def test_the_names():
    assert list(PROTOCOLS) == list(PREPARATION)
    assert all(protocol(name).name == name for name in PROTOCOLS)


@pytest.mark.parametrize("name", PREPARATION)
def test_the_table(name):
    p = protocol(name)
    prepared = (p.network, p.size, p.filter, p.crop, p.channels, p.values, p.mean)
    assert prepared == PREPARATION[name]
    assert (p.frames, p.clips, p.splits, p.repeats, p.epsilon, p.order) == COUNTS[name]
    assert (p.features, p.measures) == MEASURES[name]


def test_a_protocol_is_a_value():
    assert json.loads(json.dumps(dataclasses.asdict(protocol("tgan"))))["clips"] == 9984
    with pytest.raises(dataclasses.FrozenInstanceError):
        protocol("tgan").clips = 10


def test_the_thesis_prepares_clips_as_tgan_does():
    """Section 8.2: "Same protocol and C3D model proposed in [34] was used"."""
    assert PREPARATION["thesis"] == PREPARATION["tgan"]
    clips = np.random.default_rng(0).integers(0, 256, (1, 16, 200, 160, 3), np.uint8)
    mean = np.full((16, 128, 171, 3), 90, np.float32)
    prepared = [preprocess(clips, protocol(name), mean) for name in ("thesis", "tgan")]
    np.testing.assert_array_equal(*prepared)


def test_frames_can_be_chosen():
    changed = dataclasses.replace(protocol("tgan"), frames="stride2")
    assert changed.frames == "stride2"
    assert dataclasses.replace(changed, frames="centre16") == protocol("tgan")
    assert dataclasses.replace(protocol("fvd"), frames="first16").frames == "first16"


@pytest.mark.parametrize(("name", "frames"), [("tgan", "all"), ("fvd", "centre"), ("i3d", "")])
def test_frames_that_do_not_exist(name, frames):
    with pytest.raises(
        UserError, match=f"^`frames` should be one of .*stride2 .*{name}.*: {frames}$"
    ):
        dataclasses.replace(protocol(name), frames=frames)


def test_a_name_that_does_not_exist():
    with pytest.raises(UserError, match=r"^`protocol` should be one of thesis, tgan, .*: TGAN$"):
        protocol("TGAN")
