"""Snapshots of a generator: small files that make clips on their own.

A run folder stores them as `snapshots/gs-<nimg>.weights.h5`, each with its card, `gs-<nimg>.json`;
such a pair needs no run folder. Without a card, the run's config.json suffices, since the phase of
a snapshot follows from its nimg.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from config import Config
from growth.phase import Phase, phase_until
from growth.resample import downscale, fade_past
from models.registry import model_class
from networks.inputs import Inputs
from run_folder.reading import find_best, read_config, read_history
from sampling.card import add_hash, make_card, read_card
from sampling.latents import even_labels, sample_latents
from sampling.remote import fetch
from support.errors import UserError
from support.files import check_room, write_atomically, write_json
from support.media import known_rate
from support.weights import load_weights, sidecar_of

TRACED = 32  # minibatches from which tracing, which takes a second, is faster than eager calls
_CENTRE_LATENTS = 4096  # whose mean features are the centre of truncation


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A generator at one moment of training."""

    config: Config
    phase: Phase
    generator: keras.Model
    card: dict = dataclasses.field(default_factory=dict)  # what is known of it where it was loaded
    view: str = ""  # what is shown instead of the clips, one of the views of the config's model
    psi: float = 1.0  # how far features may be from their `centre`, where there is one
    centre: tf.Tensor | None = None

    def __call__(
        self,
        latents: tf.Tensor,
        labels: tf.Tensor | None = None,
        past: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Makes clips.

        Args:
            latents: [N, K].
            labels: of a generator of classes, as `networks.inputs.Inputs` has them.
            past: of a generator that predicts, as `take_past` makes it.

        Returns:
            [N, T, H, W, C] float32, about [-1, 1], at the phase's rung.
        """
        inputs = Inputs(latents, labels, past)
        if self.view:
            return self.generator.view(self.view, inputs)
        if self.centre is not None:
            features = self.generator.features(inputs)
            features = self.centre + self.psi * (features - self.centre)
            return self.generator.grow(features, self.phase.detail, labels=labels)
        return self.generator(inputs, lod=self.phase.detail)

    def sample(
        self,
        latents: np.ndarray,
        minibatch: int = 8,
        labels: np.ndarray | None = None,
        past: np.ndarray | None = None,
    ) -> np.ndarray:
        """Like a call, one minibatch at a time; by default as many clips of each class.

        Raises:
            UserError: the generator predicts, and there is no past.
        """
        return np.concatenate(list(self.minibatches(latents, minibatch, labels, past)))

    def minibatches(
        self,
        latents: np.ndarray,
        minibatch: int = 8,
        labels: np.ndarray | None = None,
        past: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        """What `sample` returns, as an iterator over minibatches; many are made by a traced call.

        Raises:
            UserError: as `sample`.
        """
        if past is None and self.past_frames:
            raise UserError(
                f"Cannot make clips of latents alone: {self.config.name} continues the first "
                f"{self.config.prediction.past} frames of clips. Use generate.py prediction."
            )
        classes = self.config.num_classes
        if labels is None and classes:
            labels = even_labels(len(latents), range(classes))
        given = {"latents": latents, "labels": labels, "past": past}
        inputs = {name: value for name, value in given.items() if value is not None}
        traced = self.traced() if len(latents) >= TRACED * minibatch else self
        for begin in range(0, len(latents), minibatch):
            part = {name: value[begin : begin + minibatch] for name, value in inputs.items()}
            is_whole = len(part["latents"]) == minibatch  # The rest is not traced.
            yield (traced if is_whole else self)(**part).numpy()

    def traced(self) -> Callable[..., tf.Tensor]:
        """A call as one function, traced for each shape of its inputs."""

        @tf.function
        def make(latents, labels=None, past=None):
            return self(latents, labels, past)

        return make

    @property
    def past_frames(self) -> int:
        """Frames of the past that are given at the phase's rung; 0: none."""
        return self.config.ladder.past_frames(self.config.prediction.past, self.phase.level)

    def take_past(self, clips: np.ndarray) -> np.ndarray | None:
        """What the generator is given of clips at their full size, at the phase's rung.

        Args:
            clips: [N, T, H, W, 3] float32 in [-1, 1]; all or the first frames of full clips.

        Returns:
            [N, `past_frames`, h, w, 3]; None where nothing is given.
        """
        lod, ladder, given = self.phase.detail, self.config.ladder, self.past_frames
        if not given:
            return None
        full, rung = ladder[ladder.top], ladder[lod.level]
        time, height, width = (a // b for a, b in zip(full.shape, rung.shape, strict=True))
        past = downscale(tf.convert_to_tensor(clips[:, : given * time]), (time, height, width))
        if lod.fading:
            past = fade_past(past, ladder.factors(lod.level), lod.weight)
        return past.numpy()

    @property
    def fps(self) -> float | None:
        """Frames per second of the data set; None where it is not known."""
        return known_rate(self.card.get("data", {}).get("fps"))

    def show(self, view: str) -> "Snapshot":
        """The same, which shows a view of its clips; raises `UserError` where there is none."""
        known = self.config.model.views()
        if view not in known:
            raise UserError(
                f"`show` should be one of {', '.join(known) or 'none'} for the model "
                f"{self.config.model.kind}. Received: {view}"
            )
        return dataclasses.replace(self, view=view)

    def truncate(self, psi: float) -> "Snapshot":
        """The same, with the features of the first layer moved toward their mean.

        That is the truncation of StyleGAN. Latents have no such mean: they are normalised.

        Args:
            psi: 1 moves nothing, 0 makes one clip of all latents.

        Raises:
            UserError: the generator of the config's model has no such features, or predicts.
        """
        if self.config.prediction.past:
            raise UserError(f"`psi` should be 1 for a generator that predicts. Received: {psi:g}")
        if not hasattr(self.generator, "features"):
            raise UserError(
                f"`psi` should be 1 for the model {self.config.model.kind}, which has no first "
                f"layer to truncate. Received: {psi:g}"
            )
        latents = sample_latents(_CENTRE_LATENTS, self.config.latent_size, seed=0)
        classes = self.config.num_classes
        labels = even_labels(len(latents), range(classes)) if classes else None
        centre = tf.reduce_mean(self.generator.features(Inputs(latents, labels)), 0)
        return dataclasses.replace(self, psi=psi, centre=centre)

    def in_float32(self) -> "Snapshot":
        """The same, whose convolutions compute in float32 with any config."""
        network = dataclasses.replace(self.config.network, precision="float32")
        return self._copy(dataclasses.replace(self.config, network=network))

    def on(self, device: str) -> "Snapshot":
        """The same with its weights on a device such as "GPU:1"; calls have to be made there."""
        if all(v.value.device.endswith(device) for v in self.generator.variables):
            return self
        with tf.device(device):
            return self._copy(self.config)

    def _copy(self, config):
        generator = model_class(config).generator(config)
        generator.set_weights(self.generator.get_weights())
        return dataclasses.replace(self, config=config, generator=generator)

    def weights_hash(self) -> str:
        """The SHA-256 of all weights, in order."""
        values = (np.ascontiguousarray(v.numpy()) for v in self.generator.variables)
        digest = hashlib.sha256()
        for value in values:
            digest.update(value.data)
        return digest.hexdigest()


def save_snapshot(run: Path, generator: keras.Model, nimg: int):
    """Writes `generator` as the run's snapshot at `nimg`, with what the run knows of it."""
    save_model(snapshot_path(run, nimg), generator, make_card(run, nimg))


def save_model(path: Path, generator: keras.Model, card: dict):
    """Writes weights and card; an old card is deleted first, so none describes other weights."""
    sidecar_of(path).unlink(missing_ok=True)
    with write_atomically(path) as temporary:
        check_room(path.parent, 2 * sum(value.nbytes for value in generator.get_weights()) + 2**17)
        generator.save_weights(temporary)
    write_json(sidecar_of(path), add_hash(card, path))


def list_snapshots(run: Path) -> list[int]:
    """The nimg of each snapshot of a run, ascending."""
    files = (Path(run) / "snapshots").glob("gs-*.weights.h5")
    names = (file.name.removeprefix("gs-").removesuffix(".weights.h5") for file in files)
    return sorted(int(name) for name in names if name.isdecimal())


def load_snapshot(run: Path, nimg: int | Literal["best"] | None = None) -> Snapshot:
    """Loads the run's snapshot at `nimg`, by default the newest.

    Args:
        run: its folder.
        nimg: clips shown, or "best" for the snapshot whose distance is smallest at its last rung.

    Raises:
        UserError: no such snapshot, or a file that does not fit its card or the run's config.
    """
    config, known = read_config(run), list_snapshots(run)
    if not known:
        raise UserError(f"Cannot load a snapshot of {run}: it has none yet. Train it longer.")
    if nimg == "best":
        nimg = _best_snapshot(run, known)
    nimg = known[-1] if nimg is None else nimg
    if nimg not in known:
        raise UserError(
            f"Cannot load snapshot {nimg} of {run}: it has {', '.join(map(str, known))}."
        )
    path = snapshot_path(run, nimg)
    if sidecar_of(path).exists():
        return load_model(path)
    return _load(path, add_hash(make_card(run, nimg), path), config)


def _best_snapshot(run, known):
    best = find_best([line for line in read_history(run) if line["nimg"] in known])
    if best is None:
        raise UserError(
            f"Cannot choose the best snapshot of {run}: no distance was measured for any of them. "
            "Choose one by its nimg, and train with `train.distance_ticks` above 0."
        )
    return best["nimg"]


def load_model(source: Path | str) -> Snapshot:
    """Loads a generator from its weights and the card next to them.

    Args:
        source: path of the weights, or an address that `sampling.remote` downloads.

    Raises:
        UserError: a file is missing, damaged, or does not fit the other.
    """
    path = fetch(source)
    return _load(path, *read_card(path))


def _load(path, card, config):
    of = f"{config.name}'s generator"
    make = functools.partial(model_class(config).generator, config)
    generator = load_weights(make, path, of)
    phase = phase_until(card["nimg"], config.schedule, config.ladder)
    return Snapshot(config, phase, generator, card)


def snapshot_path(run: Path, nimg: int) -> Path:
    """Where the run's snapshot at `nimg` is stored."""
    return Path(run) / "snapshots" / f"gs-{nimg:09d}.weights.h5"
