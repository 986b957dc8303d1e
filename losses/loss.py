"""What losses and critics hand to each other; every loss of `LOSSES` is a `Loss`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from dataset.batch import Batch

    # Takes a function that computes a penalty [N], and returns what is added to the loss.
    Lazily = Callable[[Callable[[], tf.Tensor]], tf.Tensor]


class Seen(NamedTuple):
    """What an encoder makes of N clips."""

    values: tf.Tensor  # [N, K] float32
    labels: tf.Tensor  # [N] int32, those of the clips


class Critic(Protocol):
    """An encoder and a head at one phase: D = f o E (chapter 5 of the paper)."""

    def encode(self, batch: Batch) -> Seen:
        """E: clips [N, T, H, W, C] to values [N, K]."""

    def score(self, seen: Seen) -> tf.Tensor:
        """f: values [N, K] to scores [N]."""


class Noise(Protocol):
    """The random numbers of one update on one replica; N is the replica's number of clips."""

    def normal(self, *shape: int) -> tf.Tensor:
        """[N, *shape] ~ N(0, 1)."""

    def uniform(self, *shape: int) -> tf.Tensor:
        """[N, *shape] ~ U[0, 1)."""


class Terms(NamedTuple):
    """Values per clip, [N] each, by name, and what they were made of."""

    minimised: dict[str, tf.Tensor]  # their sum is the loss
    watched: dict[str, tf.Tensor] = {}  # only logged
    seen: tuple[Seen, ...] = ()  # by the critic of a `Loss`: reals and fakes, or fakes alone


class Loss(Protocol):
    """Base of a loss: a frozen dataclass of settings, with the two losses that follow from them."""

    @property
    def kind(self) -> str:
        """The name that a stored config has for the loss."""

    head: ClassVar[str]  # the head that the loss needs, one of `networks.heads.HEADS`
    generator_uses_head: ClassVar[bool] = True  # and not the encoder alone
    critic_terms: ClassVar[tuple[str, ...]]  # names in the `Terms` of `discriminator_loss`
    generator_terms: ClassVar[tuple[str, ...]]  # names in the `Terms` of `generator_loss`

    @property
    def critic_steps(self) -> int:
        """Updates of the critic per update of the generator."""
        return 1

    def discriminator_loss(
        self, critic: Critic, reals: Batch, fakes: Batch, noise: Noise, lazily: Lazily
    ) -> Terms:
        """What the critic minimises.

        Args:
            critic: the encoder and the head.
            reals, fakes: N clips each, float32 in [-1, 1], paired by label.
            noise: random numbers for the penalties.
            lazily: decides at which steps a gradient penalty is computed, and its weight.
        """

    def generator_loss(self, critic: Critic, reals: Batch, fakes: Batch) -> Terms:
        """What the generator minimises, by the same arguments."""

    def constrain(self, weights: Iterable[tuple[keras.Variable, float]]):
        """Called after each update of the critic, outside of replicas; may assign its weights.

        Args:
            weights: its variables, each with the factor by which its layer multiplies it before
                use: that of the equalized learning rate, 1 in other layers.
        """
        return  # Most losses leave them as they are.
