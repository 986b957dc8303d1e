import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from networks.generator import Generator
from sampling import export as export_module
from sampling.export import export
from sampling.latents import sample_latents
from sampling.snapshot import load_model, load_snapshot, save_snapshot
from support.errors import UserError
from support.files import sha256
from tests.training.toys import tiny_config, write_config

STABLE, FADING = 200, 48

# What a user writes who has the folder and TensorFlow alone.
USE_SAVED_MODEL = """
import sys
import numpy as np
import tensorflow as tf

generator = tf.saved_model.load("exported")
latents = np.load("latents.npy")
clips = generator.signatures["serving_default"](latents=tf.constant(latents))["clips"]
np.save("clips.npy", clips)
np.testing.assert_array_equal(clips, generator.make_clips(latents)["clips"])
assert not {"training", "networks", "config"} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with a snapshot in a fade and one at the full size; the rungs differ."""
    run, config = tmp_path_factory.mktemp("run"), tiny_config()
    write_config(run, config)
    keras.utils.set_random_seed(0)
    generator = Generator(config.ladder, config.network)
    for nimg in (FADING, STABLE):
        save_snapshot(run, generator, nimg)
    return run


def files_of(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("nimg", [FADING, STABLE])
def test_a_saved_model_makes_the_clips_without_this_project(run, tmp_path, nimg):
    snapshot, latents = load_snapshot(run, nimg), sample_latents(5, 8, seed=3)
    export(snapshot, tmp_path / "exported", "saved_model")
    np.save(tmp_path / "latents.npy", latents)
    subprocess.run([sys.executable, "-c", USE_SAVED_MODEL], cwd=tmp_path, check=True)
    clips = np.load(tmp_path / "clips.npy")
    assert clips.dtype == np.float32
    np.testing.assert_allclose(clips, snapshot.sample(latents), atol=1e-5)
    card = json.loads((tmp_path / "exported" / "generator.json").read_text())
    files = card.pop("files")
    assert card == json.loads(json.dumps(snapshot.card))
    assert files.keys() == files_of(tmp_path / "exported") - {"generator.json"}
    assert all(sha256(tmp_path / "exported" / name) == files[name] for name in files)


CLASSES = ("left", "right", "up")


@pytest.mark.parametrize(
    "settings",
    [
        ["network.labels=concat", "network.class_bias=true"],
        ["network.labels=adc", "network.class_input=layer"],
    ],
)
def test_a_saved_model_of_classes_takes_labels(tmp_path, settings):
    config = tiny_config(f"network.classes={CLASSES!r}", *settings)
    write_config(tmp_path, config)
    keras.utils.set_random_seed(0)
    generator = Generator(config.ladder, config.network)
    for layer in generator.class_bias:
        layer.bias.assign(tf.random.normal(layer.bias.shape))
    save_snapshot(tmp_path, generator, STABLE)
    snapshot = load_snapshot(tmp_path)
    assert snapshot.card["labels"] == "[N] int32, 0 to 2: left, right, up"
    export(snapshot, tmp_path / "exported", "saved_model")
    function = tf.saved_model.load(str(tmp_path / "exported")).signatures["serving_default"]
    latents, labels = sample_latents(3, 8, seed=0), np.array([2, 0, 1], np.int32)
    clips = function(latents=tf.constant(latents), labels=tf.constant(labels))["clips"].numpy()
    np.testing.assert_allclose(clips, snapshot.sample(latents, labels=labels), atol=1e-4)
    even = snapshot.sample(latents)  # By default as many of each class, in order.
    assert np.abs(even - clips).max(axis=(1, 2, 3, 4)).min() > 1e-3
    expected = snapshot.sample(latents[[1]], labels=labels[[1]])
    np.testing.assert_allclose(expected, clips[[1]], atol=1e-4)


def test_a_saved_model_holds_what_its_phase_uses_alone(run):
    snapshot = load_snapshot(run, FADING)
    held, G = export_module.as_module(snapshot).weights, snapshot.generator
    parts = [G.dense, G.conv, G.blocks[0], *G.to_rgb[:2]]
    assert sum(w.shape.num_elements() for w in held) == sum(p.count_params() for p in parts)


def test_gradients_reach_the_latents_of_a_saved_model(run, tmp_path):
    snapshot, latents = load_snapshot(run, FADING), tf.constant(sample_latents(2, 8, seed=3))
    export(snapshot, tmp_path / "exported", "saved_model")
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    found, expected = (
        _gradient(make_clips, latents)
        for make_clips in (lambda z: loaded.make_clips(z)["clips"], snapshot)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def _gradient(make_clips, latents):
    with tf.GradientTape() as tape:
        tape.watch(latents)
        energy = tf.reduce_sum(tf.square(make_clips(latents)))
    return tape.gradient(energy, latents)


@pytest.mark.parametrize("nimg", [FADING, STABLE])
def test_onnx_makes_the_clips(run, tmp_path, nimg):
    pytest.importorskip("tf2onnx", reason="needs pip install '.[onnx]'")
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs pip install '.[onnx]'")
    snapshot, latents = load_snapshot(run, nimg), sample_latents(5, 8, seed=3)
    export(snapshot, tmp_path / "exported", "onnx")
    assert files_of(tmp_path / "exported") == {"generator.onnx", "generator.json"}
    session = onnxruntime.InferenceSession(tmp_path / "exported" / "generator.onnx")
    (inputs,), (outputs,) = session.get_inputs(), session.get_outputs()
    rung = snapshot.config.ladder[snapshot.phase.level]
    assert (inputs.name, inputs.shape) == ("latents", ["N", 8])
    assert (outputs.name, outputs.shape) == ("clips", ["N", *rung.shape, 3])
    clips = session.run(None, {"latents": latents})[0]
    np.testing.assert_allclose(clips, snapshot.sample(latents), atol=1e-4)


def test_onnx_without_its_packages_is_told(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(UserError, match=r"Cannot export as ONNX: .*onnx.* Install its packages"):
        export(load_snapshot(run), tmp_path / "exported", "onnx")
    assert not list(tmp_path.iterdir())


def test_weights_are_a_pair(run, tmp_path):
    snapshot, latents = load_snapshot(run, FADING), sample_latents(3, 8, seed=3)
    export(snapshot, tmp_path / "exported", "weights")
    assert files_of(tmp_path / "exported") == {"generator.weights.h5", "generator.json"}
    found = load_model(tmp_path / "exported" / "generator.weights.h5")
    np.testing.assert_array_equal(found.sample(latents), snapshot.sample(latents))
    kept = json.loads(json.dumps(snapshot.card))
    assert {key for key in kept if found.card[key] != kept[key]} <= {"sha256", "date"}


@pytest.mark.parametrize("form", export_module.FORMS)
def test_a_run_in_bfloat16_is_exported_in_float32(tmp_path, form):
    if form == "onnx":
        pytest.importorskip("tf2onnx", reason="needs pip install '.[onnx]'")
    config, run = tiny_config("network.precision=mixed_bfloat16"), tmp_path / "run"
    run.mkdir()
    write_config(run, config)
    save_snapshot(run, Generator(config.ladder, config.network), STABLE)
    export(load_snapshot(run), tmp_path / "exported", form)  # It compares the clips.
    card = json.loads((tmp_path / "exported" / "generator.json").read_text())
    assert card["config"]["network"]["precision"] == "mixed_bfloat16"


@pytest.mark.parametrize(
    "make_clips",
    [
        lambda clips: clips + 0.002,
        lambda clips: clips[:, 1:],
        lambda clips: clips * np.nan,
    ],
    ids=["others", "shorter", "NaN"],
)
def test_other_clips_are_not_published(run, tmp_path, monkeypatch, make_clips):
    snapshot = load_snapshot(run)
    write, _ = export_module.FORMS["saved_model"]
    wrong = write, lambda folder: lambda latents: make_clips(snapshot.sample(latents))
    monkeypatch.setitem(export_module.FORMS, "saved_model", wrong)
    with pytest.raises(
        UserError, match="exported: its clips differ by .* from those of the snapshot"
    ):
        export(snapshot, tmp_path / "exported", "saved_model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["saved_model", "weights"])
def test_a_path_with_characters_of_patterns(run, tmp_path, form):
    folder = tmp_path / "lr[1e-3]" / "a*{b}?"
    export(load_snapshot(run), folder, form)  # It compares the clips of what it wrote.
    assert (folder / "generator.json").is_file()


def test_a_folder_with_something_is_left_alone(run, tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(UserError, match="exists already and is"):
        export(load_snapshot(run), tmp_path, "saved_model")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
