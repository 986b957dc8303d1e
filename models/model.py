"""A model as the trainer sees it: networks, and the updates that a training step consists of."""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import keras
import tensorflow as tf

from config import Config
from dataset.batch import Batch
from growth.phase import Lod
from losses.loss import Noise, Terms
from losses.penalties import at_once
from networks.inputs import Inputs

Row = tuple[str, tuple[int, ...], int]  # name, shape of the output (C x T x H x W), parameters


class Generator(Protocol):
    """A network that makes clips: a `keras.Model` with these besides."""

    def __call__(self, inputs: Inputs, *, lod: Lod) -> tf.Tensor:
        """N inputs to clips [N, T, H, W, 3] float32, about [-1, 1], at the size of `lod`."""

    def live_layers(self, lod: Lod) -> list[keras.layers.Layer]:
        """The layers that a call at `lod` uses."""


@dataclasses.dataclass(frozen=True)
class Part:
    """The clips that go through the networks at once, on one replica, in one update."""

    reals: Batch  # N clips, faded as the phase shows them to the critic, and their past apart
    lod: Lod
    noise: Noise  # of this update
    count: int  # N
    lazily: Callable = at_once  # decides when a gradient penalty is computed, and its weight


@dataclasses.dataclass(frozen=True)
class Update:
    """One optimizer step.

    Args:
        name: of the update; its optimizer is stored as `<name>_optimizer`.
        networks: names of the networks that it trains.
        terms: computes what is minimised, of a part of the minibatch.
        term_names: the names in its `Terms`, which are logged.
        role: "critic" or "generator", whose learning rate it takes.
        every: steps from one such update to the next.
        after: called with the number of the step (int64) after each such update, outside of
            replicas; may assign the networks' variables, as weight clipping does.
        optimizer: makes the optimizer where it is not Adam by the settings of `train`.
    """

    name: str
    networks: tuple[str, ...]
    terms: Callable[[Part], Terms]
    term_names: tuple[str, ...]
    role: str
    every: int = 1
    after: Callable[[tf.Tensor], None] | None = None
    optimizer: Callable[[], keras.optimizers.Optimizer] | None = None


@dataclasses.dataclass(frozen=True)
class Average:
    """Moves the network `name` towards the network `of`, by `train.running_average`.

    Trainable variables are averaged. The others, such as moving statistics, are copied.
    """

    name: str
    of: str


class Model:
    """Base of a model, built in the scope of a strategy.

    Attributes:
        networks: by name; each has `live_layers(lod)`, the layers that a call at `lod` uses.
        sampled: name of the generator whose snapshots are kept.
    """

    networks: dict[str, keras.Model]
    sampled: str

    def __init__(self, config: Config):
        self.config = config

    @classmethod
    def generator(cls, config: Config, name: str = "G") -> keras.Model:
        """A `Generator` alone, with new weights."""
        raise NotImplementedError

    def steps(self) -> tuple[Update | Average, ...]:
        """What a training step consists of, in order."""
        raise NotImplementedError

    def live(self, name: str, lod: Lod) -> list[keras.layers.Layer]:
        """The layers of the network `name` that are used at `lod`."""
        return self.networks[name].live_layers(lod)

    def draw(self, noise: Noise, reals: Batch) -> Inputs:
        """Inputs for as many fakes as there are reals, paired by label and by past."""
        labels = reals.labels if self.config.num_classes else None
        return Inputs(noise.normal(self.config.latent_size), labels, reals.past)

    def tables(self) -> dict[str, list[Row]]:
        """The layers of each network that is trained, for `train.py --dry_run`."""
        averages = {step.name for step in self.steps() if isinstance(step, Average)}
        trained = {name: net for name, net in self.networks.items() if name not in averages}
        return {
            name: [(layer.name, (), layer.count_params()) for layer in network.layers]
            for name, network in trained.items()
        }
