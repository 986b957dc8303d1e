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
from training.adam import Adam
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
        self._skipped = tf.Variable(0, dtype=tf.int64, name="skipped")
        self._rollbacks = tf.Variable(0, dtype=tf.int64, name="rollbacks")
        # By name and order, since Keras' lists of layers are no part of TensorFlow's object graph.
        variables = {n: [v.value for v in p.variables] for n, p in vars(self.networks).items()}
        counts = {"nimg": self._nimg, "entered": self._entered}
        counts |= {"skipped": self._skipped, "rollbacks": self._rollbacks}
        self._state = [*itertools.chain(*variables.values()), *counts.values()]
        self._checkpoint = tf.train.Checkpoint(**variables, **counts)
        self._step, self._reals = None, None
        self.skipped_in_a_row, self.fault, self._last_terms = 0, "", {}

    @property
    def nimg(self) -> int:
        """Real clips shown to the critic so far."""
        return int(self._nimg.numpy())

    @property
    def skipped(self) -> int:
        """Steps with NaN or infinity so far, which changed nothing but `nimg`."""
        return int(self._skipped.numpy())

    @property
    def rollbacks(self) -> int:
        """How often training went back to a checkpoint because of them."""
        return int(self._rollbacks.numpy())

    def write(self, path: str):
        """Writes all that training needs to go on to files whose names begin with `path`."""
        self._checkpoint.write(path)

    def restore(self, path: str):
        """Takes over what `write` wrote to `path`."""
        self._checkpoint.read(path).assert_consumed()
        self._step, self.skipped_in_a_row = None, 0

    def roll_back(self, path: str):
        """Like `restore`, but goes on with other noise, and keeps count."""
        skipped, rollbacks = self.skipped, self.rollbacks
        self.restore(path)
        self._skipped.assign(skipped)
        self._rollbacks.assign(rollbacks + 1)

    def follow_chief(self):
        """Takes over the chief's state; every worker has to call this, after the chief restored."""
        self.workers.take_over(self._state)
        self._step, self.skipped_in_a_row = None, 0

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

    def train(
        self, clips: ClipPipeline, phase: Phase, steps: int
    ) -> tuple[dict[str, tf.Tensor], int]:
        """Takes `steps` steps from the entered `phase`.

        Steps with NaN or infinity are skipped: counted in `skipped` and `skipped_in_a_row`, and
        the last one told in `fault`.

        Returns:
            The mean of each loss term over the steps that were not skipped, and their number.
        """
        if self._step is None:
            self._step = TrainingStep(
                self.config, self.networks, self.strategy, phase, self.rollbacks
            )
            self._reals = iter(self._local_clips(clips, phase))
        terms, faults = self._step(
            self._reals,
            tf.constant(phase.nimg, tf.int64),
            tf.constant(steps, tf.int32),
        )
        self._nimg.assign(phase.nimg + steps * phase.minibatch)
        self._note(terms, faults, steps)
        return terms, steps - int(faults.skipped)

    def _note(self, terms, faults, steps):
        skipped = int(faults.skipped)
        if skipped < steps:
            self.skipped_in_a_row, self._last_terms = 0, terms
        self.skipped_in_a_row += int(faults.in_a_row)
        if skipped:
            self._skipped.assign_add(skipped)
            last = ", ".join(f"{k} {float(v):.3g}" for k, v in self._last_terms.items())
            self.fault = f"{self._step.describe(faults)} (last finite values: {last or 'none'})"

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
        adam = Adam(
            beta_1=config.train.beta_1, beta_2=config.train.beta_2, epsilon=config.train.epsilon
        )
        adam.build(network.trainable_variables)
        optimizers.append(adam)
    return Networks(G, D, Gs, *optimizers)
