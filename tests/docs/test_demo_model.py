"""The model of docs/demo_model: it loads, makes the clips that its card states, and is a demo."""

from pathlib import Path

import numpy as np
import pytest

from config import preset
from sampling.latents import sample_latents
from sampling.snapshot import load_model
from support.files import sha256

FOLDER = Path(__file__).parent.parent.parent / "docs/demo_model"
WEIGHTS = FOLDER / "generator.weights.h5"


@pytest.fixture(scope="module")
def model():
    return load_model(WEIGHTS)


def test_its_files_are_small_and_those_of_the_card(model):
    assert {path.name for path in FOLDER.iterdir()} == {WEIGHTS.name, "generator.json"}
    assert WEIGHTS.stat().st_size < 2**20
    assert model.card["sha256"] == sha256(WEIGHTS)
    assert model.card["licence"] == "mit"


def test_it_is_the_preset_at_the_end_of_training(model):
    assert model.config == preset("demo")
    assert model.phase.nimg == model.config.train.total_kimg * 1000
    assert not model.phase.fading


def test_its_clips_are_as_the_card_states_and_move(model):
    clips = model.sample(sample_latents(2, model.config.latent_size, seed=0))
    assert model.card["clips"].startswith(f"[N, {', '.join(map(str, clips.shape[1:]))}] float32")
    assert np.isfinite(clips).all()
    assert np.abs(clips).max() < 3
    assert np.abs(np.diff(clips, axis=1)).max() > 0.5


def test_its_distance_is_within_the_limit_of_make_demo(model):
    distance = model.card["distance"]
    assert distance["swd_floor"] < distance["swd"] < 200
    assert 0.5 < distance["motion"] / distance["motion_reals"] < 2
