"""Trains C3D to tell the labels of a data set, as the thesis' evaluation network was made."""

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
from scoring.clip_sets import RecordClips
from scoring.features import preprocess_each
from support.errors import UserError
from support.files import is_vacant, remove_from, write_atomically
from support.progress import Progress
from support.threads import ahead

_DARKEST, _BRIGHTEST = 0.8, 1.25  # factors that brightness is changed by


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the classifier is trained."""

    width: int = 64  # maps of the first convolution; 8 suits a CPU
    epochs: int = 60  # at most
    patience: int = 8  # epochs without a better held-out accuracy after which it stops
    minibatch: int = 16  # clips a step
    rate: float = 3e-4  # of Adam, falling to 0 over the epochs by a cosine
    mirror: bool = False  # mirrors half of the clips; wrong where labels tell left from right
    crop: float = 0.1  # share of height and width that a random crop leaves out at most
    seed: int = 0  # of weights, order and augmentation

    def __post_init__(self):
        for name in ("width", "epochs", "patience", "minibatch"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name} should be at least 1. Received: {getattr(self, name)}")
        if not 0 < self.rate < math.inf:
            raise UserError(f"--rate should be positive. Received: {self.rate}")
        if not 0 <= self.crop < 1:
            raise UserError(f"--crop should lie in [0, 1). Received: {self.crop}")
        if self.seed < 0:
            raise UserError(f"--seed should be at least 0. Received: {self.seed}")


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Some clips of a data set, with their labels."""

    clips: RecordClips
    indices: np.ndarray  # [N]
    labels: np.ndarray  # [N]

    @classmethod
    def all_of(cls, clips: RecordClips) -> "Labelled":
        """All clips; raises `UserError` unless every clip has a label and there are two labels."""
        labels = clips.labels()
        folder = clips.about["folder"]
        if len(clips.label_names) < 2 or labels.min() < 0:
            raise UserError(
                f"{folder} should have clips of two labels at least. "
                f"Received: {len(clips.label_names)} (make it with --labels=folders)"
            )
        return cls(clips, np.arange(len(clips)), labels)

    def split(self, share: float, seed: int) -> tuple["Labelled", "Labelled"]:
        """The clips without, and those of, a random `share` of every class of two clips or more.

        Raises:
            UserError: the share does not lie between 0 and 1, or holds no clip.
        """
        if not 0 < share < 1:
            raise UserError(f"--val_fraction should lie between 0 and 1. Received: {share}")
        random = np.random.default_rng(seed)
        held = np.zeros(len(self.indices), bool)
        for label in np.unique(self.labels):
            members = random.permutation(np.flatnonzero(self.labels == label))
            held[members[: min(max(1, round(share * len(members))), len(members) - 1)]] = True
        if not held.any():
            raise UserError(
                f"{self.clips.about['folder']} should have two clips of a label. Received: none"
            )
        return tuple(Labelled(self.clips, self.indices[m], self.labels[m]) for m in (~held, held))


class Classifier:
    """A C3D in training.

    A new network learns on inputs divided by their deviation; `finish` puts the factor into its
    first layer.

    Args:
        train, held_out: what it learns from, and what it is measured on.
        protocol: how clips come to the network.
        settings: of the training.
        init: weights to begin with, but for the last layer; they bring their width and mean.

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
                f"--held_out should have the labels {', '.join(self.names)}. "
                f"Received: {', '.join(held_out.clips.label_names)}"
            )
        if protocol.network != "c3d":
            raise UserError(f"--protocol should be one of C3D. Received: {protocol.name}")
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
        self.checkpoint = tf.train.Checkpoint(
            variables=[v.value for v in (*self.model.variables, *self.optimizer.variables)],
            best=[*self.best_weights, self.epoch, self.best, self.best_epoch],
        )
        self._step = tf.function(self._train_step, reduce_retracing=True)
        self._classify = tf.function(self.model, reduce_retracing=True)

    @property
    def finished(self) -> bool:
        """Whether all epochs have passed, or `patience` of them without a better accuracy."""
        epoch, waited = int(self.epoch), int(self.epoch) - int(self.best_epoch)
        return epoch >= self.settings.epochs or waited >= self.settings.patience

    def train_epoch(self) -> tuple[float, float]:
        """Shows every clip once; returns the mean loss and the held-out accuracy.

        The weights of the best accuracy so far are kept.
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
                [augment(c, settings, [settings.seed, epoch, int(i)]) for i, c in chosen]
            )

        parts = [
            order[i : i + settings.minibatch] for i in range(0, len(order), settings.minibatch)
        ]
        for part, batch in zip(parts, ahead(prepare, parts), strict=True):
            losses.append(float(self._step(batch, self.train.labels[part])))
            if not math.isfinite(losses[-1]):
                raise UserError(
                    f"The loss should be finite: try a lower --rate than {settings.rate:g}. "
                    f"Received: {losses[-1]} in epoch {epoch + 1}"
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

    def finish(self) -> C3D:
        """Goes back to the weights of the best epoch; the network then takes clips as they come."""
        for kept, variable in zip(self.best_weights, self.model.variables, strict=True):
            variable.value.assign(kept)
        kernel = self.model.stages[0].kernel
        kernel.assign(kernel / self.scale)
        self.scale = 1.0
        return self.model

    def accuracy(self, control: str | None = None) -> float:
        """The share of held-out clips told right, perhaps changed by one of `metrics.controls`."""
        held, size = self.held_out, self.settings.minibatch

        def prepare(part):
            clips = list(held.clips.clips(part))
            if control:
                clips = [CONTROLS[control](c, int(i)) for c, i in zip(clips, part, strict=True)]
            return self._ready(clips)

        parts = [held.indices[i : i + size] for i in range(0, len(held.indices), size)]
        found = [self._classify(batch).numpy().argmax(1) for batch in ahead(prepare, parts)]
        return float(np.mean(np.concatenate(found) == held.labels))

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

    Until then its state lies in `<output>.training`: a stopped training goes on from its last
    epoch.

    Args:
        classifier: to train.
        output: file to write, ending in .weights.h5.
        about: what the training depends on: it is refused to go on with another.

    Returns:
        The sidecar.
    """
    state = output.with_name(f"{output.name}.training")
    _check_same(state / "about.json", about)
    manager = tf.train.CheckpointManager(classifier.checkpoint, str(state), max_to_keep=1)
    if manager.latest_checkpoint:
        classifier.checkpoint.restore(manager.latest_checkpoint).assert_consumed()
        print(f"Goes on after epoch {int(classifier.epoch)}")
    while not classifier.finished:
        loss, accuracy = classifier.train_epoch()
        manager.save()
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
    own = ("about.json", "checkpoint", *(file.name for file in state.glob("ckpt-*")))
    remove_from(state, *own)
    return sidecar


def augment(clip: np.ndarray, settings: Settings, seed: list[int]) -> np.ndarray:
    """A random crop of `clip` uint8 [T, H, W, 3], brighter or darker, perhaps mirrored."""
    random = np.random.default_rng(seed)
    for axis in (1, 2):
        size = clip.shape[axis]
        kept = size - random.integers(int(settings.crop * size) + 1)
        begin = random.integers(size - kept + 1)
        clip = np.take(clip, range(begin, begin + kept), axis)
    if settings.mirror and random.random() < 0.5:
        clip = clip[:, :, ::-1]
    factor = np.exp(random.uniform(np.log(_DARKEST), np.log(_BRIGHTEST)))
    return np.clip(np.rint(clip * factor), 0, 255).astype(np.uint8)


def channel_statistics(train: Labelled, most: int = 256) -> tuple[np.ndarray, float]:
    """The mean of blue, green and red over up to `most` of the clips, and the deviation from it."""
    sums, squares, count = np.zeros(3), np.zeros(3), 0
    for clip in train.clips.clips(train.indices[:most]):
        pixels = clip.reshape(-1, 3).astype(np.float64)
        sums, squares = sums + pixels.sum(0), squares + np.square(pixels).sum(0)
        count += len(pixels)
    means = sums / count
    deviation = np.sqrt((squares / count - np.square(means)).mean())
    return means[::-1].astype(np.float32), float(deviation)


def _fine_tuned(path, num_classes):
    """C3D with the weights at `path` up to fc7 and a new fc8, their mean, and their sidecar."""
    known, about, mean = weights.load(path)
    if about["network"] != "c3d":
        raise UserError(f"--init should be weights of C3D. Received: {path}, of {about['network']}")
    model = C3D(num_classes, about["width"])
    for variable, value in zip(model.trainable_variables, known.trainable_variables, strict=True):
        if variable.path.split("/")[-2] != "fc8":
            variable.value.assign(value.value)
    return model, mean, about


def _check_same(path, about):
    """Notes what a training depends on, or compares it with the note of one that was stopped."""
    text = json.dumps(about, indent=1, default=str)
    if not path.exists():
        if not is_vacant(path.parent):
            raise UserError(
                f"{path.parent} should be a new folder. Received: one that holds something else"
            )
        with write_atomically(path) as temporary:
            temporary.write_text(text)
    elif path.read_text() != text:
        known, given = json.loads(path.read_text()), json.loads(text)
        changed = [key for key in given if known.get(key) != given[key]]
        raise UserError(
            f"{path.parent} holds a training that was stopped; to go on with it, "
            f"{', '.join(changed)} should be {[known.get(key) for key in changed]}. "
            f"Received: {[given[key] for key in changed]} (or remove it)"
        )
