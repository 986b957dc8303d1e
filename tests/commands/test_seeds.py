"""Samples of chosen seeds, and truncation toward the mean."""

import argparse

import keras
import numpy as np
import pytest

from commands.parser import seed_list
from config import preset
from models.registry import model_class
from sampling.latents import sample_latents
from sampling.snapshot import load_snapshot, save_snapshot
from support.errors import UserError
from tests.commands.calls import call
from tests.training.toys import tiny_config, write_config


def make_run(folder):
    config = tiny_config()
    folder.mkdir()
    write_config(folder, config)
    keras.utils.set_random_seed(0)
    generator = model_class(config).generator(config)
    for weight in generator.weights:  # Biases count too.
        weight.assign_add(0.3 * keras.random.normal(weight.shape))
    save_snapshot(folder, generator, 200)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "run")


def samples(run, tmp_path, *flags):
    call("samples", f"--run={run}", *flags, f"--output={tmp_path}/a.npy")
    return np.load(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", [7]), ("0-3,100", [0, 1, 2, 3, 100]), ("9, 2-2", [9, 2])]
)
def test_lists_of_seeds(text, seeds):
    assert seed_list(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,", "-1", "1-2-3", "0-100000", "1-3,2", "1.5"])
def test_other_texts_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"Received: {text}$"):
        seed_list(text)


def test_each_clip_is_that_of_its_seed(run, tmp_path):
    clips = samples(run, tmp_path, "--seeds=5-6,11")
    assert len(clips) == 3
    for clip, seed in zip(clips, (5, 6, 11), strict=True):
        alone = samples(run, tmp_path, "--num=1", f"--seed={seed}")
        np.testing.assert_allclose(clip.astype(int), alone[0], atol=1)
    assert (clips[0] != clips[1]).any()


def test_files_are_named_after_their_seeds(run, tmp_path):
    flags = ["--seeds=3,12", "--layout=clips", "--format=png"]
    call("samples", f"--run={run}", *flags, f"--output={tmp_path}/clips")
    names = sorted(path.name for path in (tmp_path / "clips").iterdir())
    assert names == ["clip-0003.png", "clip-0012.png"]


def test_seeds_and_a_seed_contradict_each_other(run, tmp_path):
    with pytest.raises(UserError, match="--seeds should be given without --seed"):
        samples(run, tmp_path, "--seeds=3", "--seed=2")


def test_truncation_moves_clips_to_one(run, tmp_path):
    latents = sample_latents(6, 8, seed=1)
    snapshot = load_snapshot(run)
    spread = [np.std(snapshot.truncate(psi).sample(latents), 0).mean() for psi in (0, 0.5, 1)]
    assert spread[0] < 1e-6
    assert 0 < spread[1] < spread[2]
    np.testing.assert_allclose(
        snapshot.truncate(1).sample(latents), snapshot.sample(latents), atol=1e-3
    )
    one = samples(run, tmp_path, "--psi=0", "--num=2")
    np.testing.assert_array_equal(one[0], one[1])


def test_the_centre_is_the_mean_of_the_features(run):
    snapshot = load_snapshot(run)
    clips = snapshot.truncate(0)
    features = snapshot.generator.dense(normalised(sample_latents(4096, 8, seed=0)))
    features = np.where(features > 0, features, 0.2 * features)
    features /= np.sqrt((features**2).mean(-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(clips.centre, features.mean(0), atol=1e-4)


def normalised(latents):
    return latents / np.sqrt((latents**2).mean(-1, keepdims=True) + 1e-8)


def test_a_model_without_such_a_layer(tmp_path):
    config, run = preset("vgan_demo").override(["model.maps=2", "model.latent_size=3"]), tmp_path
    write_config(run, config)
    save_snapshot(run, model_class(config).generator(config), 8)
    with pytest.raises(UserError, match="--psi should be 1 for the model vgan"):
        samples(run, tmp_path, "--psi=0.5")
