import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from metrics import weights
from metrics.c3d import C3D
from metrics.protocols import PROTOCOLS
from scoring.classifier import Classifier, Settings, train_classifier
from scoring.clip_sets import RecordClips
from scoring.labelled import Labelled
from support.errors import UserError

THESIS = PROTOCOLS["thesis"]
SETTINGS = Settings(width=1, epochs=2, minibatch=4)


@pytest.fixture
def clips(shapes):
    return Labelled.all_of(RecordClips(shapes))


def parts_of(clips):
    """Six clips to learn from and four held out."""
    choose = (slice(6), slice(6, 10))
    return [Labelled(clips.clips, clips.indices[c], clips.labels[c]) for c in choose]


def test_what_it_trained_is_written_with_its_sidecar(clips, tmp_path, capsys):
    output = tmp_path / "c3d.weights.h5"
    trained = Classifier(*parts_of(clips), THESIS, SETTINGS)
    first = [v.numpy() for v in trained.model.variables]
    about = train_classifier(trained, output, {"seed": 0})
    model, found, mean = weights.load(output)
    assert found == about
    assert about["class_names"] == clips.clips.label_names
    np.testing.assert_allclose(mean, trained.mean, rtol=1e-6)
    for a, b in zip(model.get_weights(), trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b.numpy()).any() for a, b in zip(first, trained.model.variables, strict=True))
    assert about["training"]["held_out_clips"] == 4
    assert capsys.readouterr().out.count("held-out accuracy") == 2
    assert [file.name for file in tmp_path.iterdir() if "training" in file.name] == []


def test_a_step_lowers_the_cross_entropy(clips):
    trained = Classifier(*parts_of(clips), THESIS, SETTINGS)
    trained.model.dropout.rate = 0.0
    batch, labels = tf.random.normal((2, 16, 112, 112, 3)), np.array([0, 1])
    told = trained.model.endpoints(batch)["probabilities"].numpy()[[0, 1], labels]
    before = float(trained._step(batch, labels))
    assert before == pytest.approx(-np.log(told).mean(), rel=1e-4)
    for _ in range(10):
        after = float(trained._step(batch, labels))
    assert after < 0.8 * before


def test_a_stopped_training_goes_on(clips, tmp_path, monkeypatch, capsys):
    output = tmp_path / "c3d.weights.h5"
    trained = Classifier(*parts_of(clips), THESIS, SETTINGS)
    epoch, calls = Classifier.train_epoch, []

    def stop_in_the_second(self):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return epoch(self)

    monkeypatch.setattr(Classifier, "train_epoch", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train_classifier(trained, output, {"seed": 0})
    assert not output.exists()
    kept = trained.model.get_weights()
    monkeypatch.setattr(Classifier, "train_epoch", epoch)

    with pytest.raises(
        UserError, match="was created with seed=0, but seed=1 was given. Use the original"
    ):
        train_classifier(trained, output, {"seed": 1})

    again = Classifier(*parts_of(clips), THESIS, SETTINGS)
    begun = []

    def noting(self):
        begun.append(self.model.get_weights())
        return epoch(self)

    monkeypatch.setattr(Classifier, "train_epoch", noting)
    train_classifier(again, output, {"seed": 0})
    assert "Resumed after epoch 1" in capsys.readouterr().out
    assert len(begun) == 1
    for a, b in zip(begun[0], kept, strict=True):
        np.testing.assert_array_equal(a, b)

    whole = Classifier(*parts_of(clips), THESIS, SETTINGS)
    monkeypatch.setattr(Classifier, "train_epoch", epoch)
    train_classifier(whole, tmp_path / "whole.weights.h5", {"seed": 0})
    for a, b in zip(again.best_weights, whole.best_weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_folder_of_something_else_is_left_alone(clips, tmp_path):
    (tmp_path / "c3d.weights.h5.training/.git").mkdir(parents=True)
    with pytest.raises(UserError, match="Cannot train in .*training: it holds other files"):
        train_classifier(
            Classifier(*parts_of(clips), THESIS, SETTINGS), tmp_path / "c3d.weights.h5", {"seed": 0}
        )
    assert (tmp_path / "c3d.weights.h5.training/.git").exists()


def test_the_best_epoch_is_kept_and_patience_ends_the_training(clips, monkeypatch):
    settings = dataclasses.replace(SETTINGS, epochs=9, patience=2)
    trained = Classifier(*parts_of(clips), THESIS, settings)
    accuracies, kept = iter([0.25, 0.75, 0.5, 0.75, 1.0]), []
    monkeypatch.setattr(Classifier, "accuracy", lambda self: next(accuracies))
    while not trained.finished:
        trained.train_epoch()
        kept.append(trained.model.get_weights())
    assert len(kept) == 4
    assert int(trained.best_epoch) == 2
    batch = tf.constant(np.random.default_rng(0).uniform(-99, 99, (1, 16, 112, 112, 3)), tf.float32)
    trained.model.set_weights(kept[1])
    expected, scale = trained.model(batch / trained.scale), trained.scale
    assert 10 < scale < 128
    np.testing.assert_allclose(trained.finish()(batch), expected, rtol=1e-3, atol=1e-4)
    for a, b in zip(trained.model.get_weights()[1:], kept[1][1:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_rate_falls_to_nought(clips, monkeypatch):
    settings = dataclasses.replace(SETTINGS, epochs=4, rate=0.01)
    trained, rates = Classifier(*parts_of(clips), THESIS, settings), []
    monkeypatch.setattr(Classifier, "accuracy", lambda self: 0.5)
    while not trained.finished:
        trained.train_epoch()
        rates.append(float(trained.optimizer.learning_rate.numpy()))
    np.testing.assert_allclose(rates, [0.01, 0.0085355, 0.005, 0.0014645], rtol=1e-4)


def test_accuracy_is_the_share_told_right(clips, monkeypatch):
    trained = Classifier(*parts_of(clips), THESIS, SETTINGS)
    _, held_out = parts_of(clips)
    told = list(held_out.labels)
    told[0] = (told[0] + 1) % 8
    answers = tf.constant(np.eye(8)[told])
    monkeypatch.setattr(trained, "_classify", lambda batch: answers)
    assert trained.accuracy() == 0.75


def test_fine_tuning_begins_with_all_but_the_last_layer(clips, tmp_path):
    known = C3D(5, width=2)
    weights.save(known, tmp_path / "known.weights.h5", {"mean": [1.0, 2.0, 3.0]})
    tuned = Classifier(*parts_of(clips), THESIS, SETTINGS, tmp_path / "known.weights.h5")
    np.testing.assert_array_equal(tuned.mean, [1, 2, 3])
    assert tuned.model.fc8.kernel.shape == (128, 8)
    for a, b in zip(tuned.model.trainable_variables, known.trainable_variables, strict=True):
        if "fc8" not in a.path:
            np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("mean", [None, np.full((16, 128, 171, 3), 90, np.float32)])
def test_the_mean_that_fine_tuning_began_with_is_kept(clips, tmp_path, mean):
    weights.save(C3D(5, width=1), tmp_path / "known.weights.h5", {}, mean)
    settings = dataclasses.replace(SETTINGS, epochs=1, width=64)
    tuned = Classifier(
        *parts_of(clips), PROTOCOLS["c3d_torch"], settings, tmp_path / "known.weights.h5"
    )
    assert tuned.settings.width == 1
    train_classifier(tuned, tmp_path / "tuned.weights.h5", {})
    _, _, found = weights.load(tmp_path / "tuned.weights.h5")
    np.testing.assert_array_equal(found, mean)


@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"epochs": 0}, {"patience": -1}, {"minibatch": 0}, {"rate": float("nan")}]
    + [{"rate": -1.0}, {"crop": 1.0}, {"crop": -0.1}, {"seed": -1}],
)
def test_wrong_settings_are_named(wrong):
    (name,) = wrong
    with pytest.raises(UserError, match=f"`{name}` should"):
        Settings(**wrong)


def test_a_loss_that_is_not_finite_ends_the_training(clips, monkeypatch):
    trained = Classifier(*parts_of(clips), THESIS, SETTINGS)
    monkeypatch.setattr(trained, "_step", lambda *_: float("nan"))
    with pytest.raises(
        UserError, match="Training diverged: the loss is nan in epoch 1. Try a lower `rate`"
    ):
        trained.train_epoch()


def test_labels_have_to_be_the_same(clips, make_shapes, tmp_path):
    folder = make_shapes(tmp_path / "data", num_clips=3)
    other = Labelled.all_of(RecordClips(folder))
    with pytest.raises(UserError, match="`held_out` should have the labels"):
        Classifier(clips, other, THESIS, SETTINGS)
    with pytest.raises(UserError, match="`protocol` should be one for C3D. Received: fvd"):
        Classifier(*parts_of(clips), PROTOCOLS["fvd"], SETTINGS)


@pytest.mark.parametrize("kept", [0, 100, -1])
def test_a_damaged_state_is_named(clips, tmp_path, kept):
    classifier, path = Classifier(*parts_of(clips), THESIS, SETTINGS), tmp_path / "state.npz"
    classifier.save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="state.npz should be a whole state of a training"):
        classifier.restore(path)


def test_the_output_may_have_any_name(clips, tmp_path):
    """TensorFlow's checkpoints take brackets for a pattern."""
    folder = tmp_path / "lr[1e-3]"
    folder.mkdir()
    classifier = Classifier(*parts_of(clips), THESIS, SETTINGS)
    classifier.epoch.assign(1)
    classifier.save(folder / "state.npz")
    again = Classifier(*parts_of(clips), THESIS, SETTINGS)
    again.restore(folder / "state.npz")
    assert int(again.epoch) == 1
