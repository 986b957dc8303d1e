"""The trainer: a model with its optimizers, and how far training is."""

import itertools
import math

import keras
import tensorflow as tf

from config import Config
from dataset.pipeline import ClipPipeline
from growth.phase import Phase, list_phases
from models.model import Update
from models.registry import model_class
from training.adam import Adam
from training.step import TrainingStep, clips_per_replica
from training.workers import Workers


class Trainer:
    """Trains the model of a config, phase by phase.

    Args:
        config: of the run; its seed sets the first weights.
        strategy: of `tf.distribute`, over whose replicas a minibatch is divided.

    Attributes:
        model: the networks and the updates.
        optimizers: one for each update, by its name.
        skipped_in_a_row: steps with NaN or infinity since the last finite one.
        fault: what was not finite in the last of them, in words.

    Raises:
        UserError: the minibatch of a phase does not divide into replicas and groups, or there is
            no such model.
    """

    def __init__(self, config: Config, strategy: tf.distribute.Strategy):
        self.config, self.strategy, self.workers = config, strategy, Workers(strategy)
        for phase in list_phases(config.schedule, config.ladder):  # Now, not days later.
            clips_per_replica(config, strategy.num_replicas_in_sync, phase.minibatch)
        model = model_class(config)
        keras.utils.set_random_seed(config.train.seed)
        with strategy.scope():
            self.model = model(config)
            self._updates = [step for step in self.model.steps() if isinstance(step, Update)]
            self.optimizers = {update.name: self._optimizer(update) for update in self._updates}
        self._nimg = tf.Variable(0, dtype=tf.int64, name="nimg")
        self._entered = tf.Variable(-1, dtype=tf.int64, name="entered")
        self._skipped = tf.Variable(0, dtype=tf.int64, name="skipped")
        self._rollbacks = tf.Variable(0, dtype=tf.int64, name="rollbacks")
        # By name and order, since Keras' lists of layers are no part of TensorFlow's object graph.
        parts = self.model.networks | {f"{k}_optimizer": o for k, o in self.optimizers.items()}
        variables = {name: [v.value for v in part.variables] for name, part in parts.items()}
        counts = {"nimg": self._nimg, "entered": self._entered}
        counts |= {"skipped": self._skipped, "rollbacks": self._rollbacks}
        self._state = [*itertools.chain(*variables.values()), *counts.values()]
        self._checkpoint = tf.train.Checkpoint(**variables, **counts)
        self._step: TrainingStep | None = None
        self._reals = None
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
        """Writes all that training needs to resume to files whose names begin with `path`."""
        self._checkpoint.write(path)

    def restore(self, path: str):
        """Takes over what `write` wrote to `path`."""
        self._checkpoint.read(path).assert_consumed()
        self._step, self.skipped_in_a_row = None, 0

    def roll_back(self, path: str):
        """Like `restore`, but counts it, and trains on with other noise."""
        skipped, rollbacks = self.skipped, self.rollbacks
        self.restore(path)
        self._skipped.assign(skipped)
        self._rollbacks.assign(rollbacks + 1)

    def broadcast_from_chief(self):
        """Gives all workers the chief's state; each has to call this, after the chief restored."""
        self.workers.broadcast_from_chief(self._state)
        self._step, self.skipped_in_a_row = None, 0

    def enter(self, phase: Phase):
        """Prepares for `phase`; in a new one the optimizers start afresh, as in ProGAN."""
        if phase.index != self._entered.numpy():
            for update in self._updates:
                optimizer = self.optimizers[update.name]
                for variable in optimizer.variables:
                    variable.assign(tf.zeros_like(variable.value))
                optimizer.learning_rate = phase.rate(update.role)
            self._entered.assign(phase.index)
            self._step = None

    def train(
        self, clips: ClipPipeline, phase: Phase, steps: int
    ) -> tuple[dict[str, tf.Tensor], int]:
        """Takes `steps` steps from the entered `phase`.

        Steps with NaN or infinity are skipped and counted; `fault` describes the last one.

        Returns:
            The mean of each term over the steps that computed it and were not skipped (NaN where
            there is none), and the number of steps that were not skipped.
        """
        if self._step is None:
            self._step = self.make_step(phase)
            self._reals = iter(self._local_clips(clips, phase))
        terms, faults = self._step(
            self._reals,
            tf.constant(phase.nimg, tf.int64),
            tf.constant(steps, tf.int32),
            tf.constant(self.config.train.total_kimg, tf.float32),
        )
        self._nimg.assign(phase.nimg + steps * phase.minibatch)
        self._note(terms, faults, steps)
        return terms, steps - int(faults.skipped)

    def make_step(self, phase: Phase) -> TrainingStep:
        """The traced step of a phase."""
        return TrainingStep(
            self.config, self.model, self.optimizers, self.strategy, phase, self.rollbacks
        )

    def _note(self, terms, faults, steps):
        skipped = int(faults.skipped)
        if skipped < steps:
            self.skipped_in_a_row, self._last_terms = 0, terms
        self.skipped_in_a_row += int(faults.in_a_row)
        if skipped:
            self._skipped.assign_add(skipped)
            known = {k: float(v) for k, v in self._last_terms.items() if not math.isnan(v)}
            last = ", ".join(f"{k} {v:.3g}" for k, v in known.items())
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

    def _optimizer(self, update):
        networks = [self.model.networks[name] for name in update.networks]
        optimizer = update.optimizer() if update.optimizer else self._adam(update)
        # The training step sums gradients over replicas, and the optimizer would do it again.
        optimizer._all_reduce_sum_gradients = lambda pairs: pairs
        optimizer.build([v for network in networks for v in network.trainable_variables])
        return optimizer

    def _adam(self, update):
        train = self.config.train
        return Adam(
            beta_1=train.beta_1,
            beta_2=train.beta_2,
            epsilon=train.epsilon,
            penalty_interval=train.penalty_interval if update.role == "critic" else 1,
        )
