"""Trains C3D to classify a labelled data set, as the thesis' evaluation network was made."""

import dataclasses
import json
import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from metrics import weights
from metrics.c3d import C3D
from metrics.controls import CONTROLS
from metrics.protocols import Protocol
from metrics.weights.published import ZIP_ERRORS
from scoring.classifier_settings import Settings
from scoring.features import preprocess_each
from scoring.labelled import Labelled, augment, channel_statistics
from support.errors import UserError, reading
from support.files import is_vacant, remove_from, write_atomically, write_json
from support.json_files import read_json
from support.progress import Progress
from support.resume import check_same
from support.threads import ahead


class Classifier:
    """A C3D in training.

    A new network learns on inputs divided by their deviation; `finish` puts the factor into its
    first layer.

    Args:
        train: clips that it learns from.
        held_out: clips that it is measured on.
        protocol: how clips are prepared for the network.
        settings: of the training.
        init: weights to start from, except for the last layer; width and mean are theirs.

    Raises:
        UserError: the two sets have different labels, or `init` is of another network.
    """

    def __init__(
        self,
        train: Labelled,
        held_out: Labelled,
        protocol: Protocol,
        settings: Settings,
        init: Path | None = None,
    ):
        self.train, self.held_out = train, held_out
        self.protocol, self.settings = protocol, settings
        self.names = train.clips.label_names
        if held_out.clips.label_names != self.names:
            raise UserError(
                f"`held_out` should have the labels {', '.join(self.names)}. "
                f"Received: {', '.join(held_out.clips.label_names)}"
            )
        if protocol.network != "c3d":
            raise UserError(f"`protocol` should be one for C3D. Received: {protocol.name}")
        keras.utils.set_random_seed(settings.seed)
        self.init = None
        if init:
            self.model, self.mean, about = _fine_tuned(init, len(self.names))
            self.scale, self.init = 1.0, about["sha256"]
            self.settings = dataclasses.replace(settings, width=about["width"])
        else:
            self.model = C3D(len(self.names), settings.width)
            self.mean, self.scale = channel_statistics(train)
        self.optimizer = keras.optimizers.Adam(settings.rate)
        self.optimizer.build(self.model.trainable_variables)
        self.best_weights = [tf.Variable(v.value) for v in self.model.variables]
        self.epoch, self.best, self.best_epoch = tf.Variable(0), tf.Variable(-1.0), tf.Variable(0)
        self._step = tf.function(self._train_step, reduce_retracing=True)
        self._classify = tf.function(self.model, reduce_retracing=True)

    @property
    def finished(self) -> bool:
        """Whether all epochs have passed, or `patience` of them without a better accuracy."""
        epoch, waited = int(self.epoch), int(self.epoch) - int(self.best_epoch)
        return epoch >= self.settings.epochs or waited >= self.settings.patience

    def train_epoch(self) -> tuple[float, float]:
        """Trains on every clip once, and keeps the weights with the best accuracy so far.

        Returns:
            The mean loss and the held-out accuracy.

        Raises:
            UserError: the loss is not finite.
        """
        settings, epoch, losses = self.settings, int(self.epoch), []
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(self.train.indices))
        progress = Progress(len(order), f"clips of epoch {epoch + 1}")
        fall = (1 + np.cos(np.pi * epoch / settings.epochs)) / 2
        self.optimizer.learning_rate = settings.rate * fall

        def prepare(part):
            chosen = zip(
                self.train.indices[part],
                self.train.clips.clips(self.train.indices[part]),
                strict=True,
            )
            return self._ready(
                [
                    augment(c, [settings.seed, epoch, int(i)], settings.crop, settings.mirror)
                    for i, c in chosen
                ]
            )

        parts = [
            order[i : i + settings.minibatch] for i in range(0, len(order), settings.minibatch)
        ]
        for part, batch in zip(parts, ahead(prepare, parts), strict=True):
            losses.append(float(self._step(batch, self.train.labels[part])))
            if not math.isfinite(losses[-1]):
                raise UserError(
                    f"Training diverged: the loss is {losses[-1]} in epoch {epoch + 1}. "
                    f"Try a lower `rate` than {settings.rate:g}."
                )
            progress.advance(len(part))
        progress.close()
        accuracy = self.accuracy()
        self.epoch.assign_add(1)
        if accuracy > self.best:
            self.best.assign(accuracy)
            self.best_epoch.assign(self.epoch)
            for kept, variable in zip(self.best_weights, self.model.variables, strict=True):
                kept.assign(variable.value)
        return float(np.mean(losses)), accuracy

    def save(self, path: Path):
        """Writes all that training needs to resume to a file."""
        with write_atomically(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, *(variable.numpy() for variable in self._state()))

    def restore(self, path: Path):
        """Restores what `save` wrote; raises `UserError` where the file is damaged."""
        with (
            reading(path, "state of a training", *ZIP_ERRORS),
            np.load(path, allow_pickle=False) as arrays,
        ):
            for variable, array in zip(self._state(), arrays.values(), strict=True):
                variable.assign(array)

    def finish(self) -> C3D:
        """Restores the weights of the best epoch, for inputs that are not scaled; ends training."""
        for kept, variable in zip(self.best_weights, self.model.variables, strict=True):
            variable.value.assign(kept)
        kernel = self.model.stages[0].kernel
        kernel.assign(kernel / self.scale)
        self.scale = 1.0
        return self.model

    def accuracy(self, control: str | None = None) -> float:
        """The share of held-out clips that are classified correctly.

        Args:
            control: name of a change (`metrics.controls`) that is made to each clip first.
        """
        held, size = self.held_out, self.settings.minibatch

        def prepare(part):
            clips = list(held.clips.clips(part))
            if control:
                clips = [CONTROLS[control](c, int(i)) for c, i in zip(clips, part, strict=True)]
            return self._ready(clips)

        parts = [held.indices[i : i + size] for i in range(0, len(held.indices), size)]
        found = [self._classify(batch).numpy().argmax(1) for batch in ahead(prepare, parts)]
        return float(np.mean(np.concatenate(found) == held.labels))

    def _state(self):
        variables = (v.value for v in (*self.model.variables, *self.optimizer.variables))
        return [*variables, *self.best_weights, self.epoch, self.best, self.best_epoch]

    def _ready(self, clips):
        return tf.constant(preprocess_each(clips, self.protocol, self.mean) / self.scale)

    def _train_step(self, clips, labels):
        with tf.GradientTape() as tape:
            logits = self.model(clips, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss


def train_classifier(classifier: Classifier, output: Path, about: dict) -> dict:
    """Trains to the end and writes the weights of the best epoch with their sidecar.

    Until then the state is in `<output>.training`, from which training resumes after an epoch.

    Args:
        classifier: to train.
        output: file to write, ending in .weights.h5.
        about: all that the training depends on; it can be resumed only with the same.

    Returns:
        The sidecar.
    """
    folder = output.with_name(f"{output.name}.training")
    settings, state = folder / "settings.json", folder / "state.npz"
    _begin_or_resume(settings, about)
    if state.exists():
        classifier.restore(state)
        print(f"Resumed after epoch {int(classifier.epoch)}")
    while not classifier.finished:
        loss, accuracy = classifier.train_epoch()
        classifier.save(state)
        print(f"epoch {int(classifier.epoch)}  loss {loss:.4f}  held-out accuracy {accuracy:.4f}")
    model = classifier.finish()
    measured = {
        "held_out_accuracy": float(classifier.best),
        "shuffled_accuracy": classifier.accuracy("shuffled"),
        "held_out_clips": len(classifier.held_out.indices),
        "epoch": int(classifier.best_epoch),
    }
    sidecar = {
        "format": "trained",
        "class_names": classifier.names,
        "training": about | measured,
    }
    sidecar = weights.save(model, output, sidecar, classifier.mean)
    remove_from(folder, settings.name, state.name)
    return sidecar


def _fine_tuned(path, num_classes):
    """C3D with the weights at `path` up to fc7 and a new fc8, their mean, and their sidecar."""
    known, about, mean = weights.load(path)
    if about["network"] != "c3d":
        raise UserError(f"`init` should be weights of C3D. Received: {path}, of {about['network']}")
    model = C3D(num_classes, about["width"])
    for variable, value in zip(model.trainable_variables, known.trainable_variables, strict=True):
        if variable.path.split("/")[-2] != "fc8":
            variable.value.assign(value.value)
    return model, mean, about


def _begin_or_resume(path, about):
    """Records what a training depends on, or compares it with the record of a stopped one."""
    folder, about = path.parent, json.loads(json.dumps(about, default=str))
    if path.exists():
        advice = f"Use the original arguments, or remove {folder} to start over."
        check_same(folder, read_json(path, dict), about, advice)
    elif is_vacant(folder):
        write_json(path, about)
    else:
        raise UserError(f"Cannot train in {folder}: it holds other files. Use another output.")
