"""The trainer: networks, optimizers, and how far training is."""

import dataclasses
import itertools

import keras
import tensorflow as tf

from config import Config
from dataset.pipeline import ClipPipeline
from growth.phase import Phase, list_phases
from networks.discriminator import Discriminator
from networks.generator import Generator
from training.step import TrainingStep, clips_per_replica
from training.workers import Workers


@dataclasses.dataclass(frozen=True)
class Networks:
    """The full graph of a run and its optimizers, built once."""

    G: Generator
    D: Discriminator
    Gs: Generator  # running average of G
    G_optimizer: keras.optimizers.Optimizer
    D_optimizer: keras.optimizers.Optimizer


class Trainer:
    """Trains the networks of a config, phase by phase.

    Args:
        config: of the run; its seed sets the first weights.
        strategy: of `tf.distribute`, over whose replicas a minibatch is divided.

    Raises:
        UserError: the minibatch of a phase does not divide into replicas and groups.
    """

    def __init__(self, config: Config, strategy: tf.distribute.Strategy):
        self.config, self.strategy, self.workers = config, strategy, Workers(strategy)
        for phase in list_phases(config.schedule, config.ladder):  # Now, not days later.
            clips_per_replica(config, strategy.num_replicas_in_sync, phase.minibatch)
        keras.utils.set_random_seed(config.train.seed)
        with strategy.scope():
            self.networks = _build(config)
        self._nimg = tf.Variable(0, dtype=tf.int64, name="nimg")
        self._entered = tf.Variable(-1, dtype=tf.int64, name="entered")
        # By name and order, since Keras' lists of layers are no part of TensorFlow's object graph.
        variables = {n: [v.value for v in p.variables] for n, p in vars(self.networks).items()}
        self._state = [*itertools.chain(*variables.values()), self._nimg, self._entered]
        self.checkpoint = tf.train.Checkpoint(**variables, nimg=self._nimg, entered=self._entered)
        self._step, self._reals = None, None

    @property
    def nimg(self) -> int:
        """Real clips shown to the critic so far."""
        return int(self._nimg.numpy())

    def follow_chief(self):
        """Takes over the chief's state; every worker has to call this, after the chief restored."""
        self.workers.take_over(self._state)
        self._step = None

    def enter(self, phase: Phase):
        """Gets ready for `phase`; where it is a new one, the optimizers start afresh."""
        if phase.index != self._entered.numpy():
            for optimizer in (self.networks.G_optimizer, self.networks.D_optimizer):
                for variable in optimizer.variables:
                    variable.assign(tf.zeros_like(variable.value))
            self.networks.G_optimizer.learning_rate = phase.generator_rate
            self.networks.D_optimizer.learning_rate = phase.critic_rate
            self._entered.assign(phase.index)
            self._step = None

    def train(self, clips: ClipPipeline, phase: Phase, steps: int) -> dict[str, tf.Tensor]:
        """Takes `steps` steps from the entered `phase`; returns the mean of each loss term."""
        if self._step is None:
            self._step = TrainingStep(self.config, self.networks, self.strategy, phase)
            self._reals = iter(self._local_clips(clips, phase))
        terms = self._step(
            self._reals,
            tf.constant(phase.nimg, tf.int64),
            tf.constant(steps, tf.int32),
        )
        self._nimg.assign(phase.nimg + steps * phase.minibatch)
        return terms

    def _local_clips(self, clips, phase):
        """This worker's part of the stream, one replica's share after the other."""
        local = self.workers.local_replicas
        return clips.dataset(
            phase.level,
            phase.nimg,
            phase.minibatch,
            replicas=self.strategy.num_replicas_in_sync,
            first_replica=self.workers.index * local,
            local_replicas=local,
        )


def _build(config):
    G = Generator(config.ladder, config.network, name="G")
    D = Discriminator(config.ladder, config.network, config.loss.head, name="D")
    Gs = Generator(config.ladder, config.network, name="Gs")
    Gs.set_weights(G.get_weights())
    optimizers = []
    for network in (G, D):
        adam = keras.optimizers.Adam(
            beta_1=config.train.beta_1, beta_2=config.train.beta_2, epsilon=config.train.epsilon
        )
        adam.build(network.trainable_variables)
        optimizers.append(adam)
    return Networks(G, D, Gs, *optimizers)
