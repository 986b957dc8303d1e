"""One training step at one phase: the updates and averages of a model, in order.

The phase's level is a Python integer, so that a trace holds the live path of the networks alone.
A step with NaN or infinity in a loss or a gradient, on whichever replica, is taken back on all.
"""

import dataclasses
import math
from collections.abc import Iterator

import keras
import tensorflow as tf

from config import Config
from growth.phase import Phase, decay_of
from growth.resample import fade
from models.model import Average, Model, Part, Update
from support.errors import UserError
from training.faults import Faults
from training.noise import Noise
from training.penalties import Penalties
from training.replicas import sum_over_replicas


@dataclasses.dataclass(frozen=True)
class LiveUpdate:
    """An update at one phase.

    `stream` numbers the updates of a step, `variables` are those that it trains, and `names` are
    theirs, such as "D/block1/conv0/kernel".
    """

    update: Update
    stream: int
    optimizer: keras.optimizers.Optimizer
    variables: list
    names: list[str]

    @property
    def norm_name(self) -> str:
        """The name under which the norm of the gradient is logged."""
        return f"{self.update.name}_gradient_norm"

    def check(self, terms: dict, gradients: list):
        """Raises `ValueError` for a mistake of the model, when the step is traced."""
        if terms.keys() != set(self.update.term_names):
            raise ValueError(
                f"`term_names` of the update {self.update.name} should be those of its terms, "
                f"{sorted(terms)}. Received: {sorted(self.update.term_names)}"
            )
        unreached = [n for n, g in zip(self.names, gradients, strict=True) if g is None]
        if unreached:
            raise ValueError(
                f"The terms of the update {self.update.name} should depend on all live variables. "
                f"Received: no gradient for {', '.join(unreached)}"
            )


class TrainingStep:
    """A traced call of several steps on all replicas of a strategy.

    Args:
        config: of the run.
        model: made in the scope of `strategy`.
        optimizers: one for each update of the model, by its name.
        strategy: of `tf.distribute`.
        phase: the phase; how far training is in it comes with each call.
        rollbacks: how often training went back to a checkpoint; each time draws other noise.

    Attributes:
        terms: the names of all values that a step computes.
    """

    def __init__(
        self,
        config: Config,
        model: Model,
        optimizers: dict[str, keras.optimizers.Optimizer],
        strategy: tf.distribute.Strategy,
        phase: Phase,
        rollbacks: int = 0,
    ):
        self.config, self.model, self.strategy = config, model, strategy
        self.phase, self.rollbacks, self.minibatch = phase, rollbacks, phase.minibatch
        self.count = clips_per_replica(config, strategy.num_replicas_in_sync, phase.minibatch)
        self.parts = config.train.accumulate
        self.size = self.count // self.parts  # Clips that go through the networks at once.
        self.steps = self._live_steps(optimizers)
        self.updates = [step for step in self.steps if isinstance(step, LiveUpdate)]
        self.terms = term_names(model)
        self.state = self._state(optimizers)

    @tf.function
    def __call__(
        self, reals: Iterator, nimg: tf.Tensor, steps: tf.Tensor, total_kimg: float = math.inf
    ):
        """Takes `steps` steps.

        Args:
            reals: iterator of `dataset.batch.Batch`, N / replicas clips each, for this worker's
                replicas in turn.
            nimg: int64 scalar, clips shown before.
            steps: int32 scalar.
            total_kimg: at which training ends; the rates fall before.

        Returns:
            The mean of each of `terms` over clips and over the steps that computed it and were not
            taken back (NaN where there is none), and `Faults`.
        """
        sums = dict.fromkeys(self.terms, 0.0)
        counts = dict.fromkeys(self.terms, 0.0)
        faults = Faults.none(self.terms, sum(len(live.variables) for live in self.updates))
        for _ in tf.range(steps):
            if self.config.schedule.decay_kimg:
                self._set_rates(total_kimg - tf.cast(nimg, tf.float32) / 1000)
            before = [variable.value.read_value() for variable in self.state]
            terms, shares, gradients = self.step(self._distribute(reals), nimg)
            finite = tf.reduce_all(tf.math.is_finite(tf.stack(list(terms.values()))))
            if not finite:
                self._restore(before)
            sums = {term: sums[term] + tf.where(finite, terms[term], 0.0) for term in self.terms}
            counts = {t: counts[t] + tf.where(finite, shares[t], 0.0) for t in self.terms}
            faults = faults.after(finite, terms, gradients)
            nimg += self.minibatch
        means = {term: sums[term] / counts[term] for term in self.terms}
        return means, faults

    def describe(self, faults: Faults) -> str:
        """What was not finite in the last skipped step, in words."""
        names = [name for live in self.updates for name in live.names]
        phase = "fading in" if self.phase.fading else "stable"
        rung = self.config.ladder[self.phase.level]
        return f"{faults.describe(names)} at {rung}, {phase}"

    def step(self, reals: Iterator, nimg: tf.Tensor):
        """One step on distributed `reals`, from `nimg` clips on.

        Returns the terms summed over replicas, 1 or 0 for each term that was computed or not, and
        the norm of the gradient of each variable.
        """
        terms, shares, norms = {}, {}, []
        for live in self.steps:
            if isinstance(live, LiveUpdate):
                values, share, gradients = self._take(live, reals, nimg)
                values = values | {live.norm_name: tf.norm(gradients)}
                terms, shares = terms | values, shares | dict.fromkeys(values, share)
                norms.append(gradients)
            else:
                self._average(*live)
        ordered = {term: terms[term] for term in self.terms}
        return ordered, shares, tf.concat(norms, 0)

    def _set_rates(self, kimg_left):
        left = tf.clip_by_value(kimg_left / self.config.schedule.decay_kimg, 0.0, 1.0)
        for live in self.updates:
            rate = self.phase.full_rate(live.update.role) * decay_of(left)
            live.optimizer.learning_rate.assign(rate)

    def _take(self, live, reals, nimg):
        """Takes an update where it is due, and returns zeros elsewhere."""
        number, every = nimg // self.minibatch, live.update.every

        def take():
            terms, gradients = self._run(live, reals, nimg)
            if live.update.after:
                live.update.after(number)
            return terms, tf.constant(1.0), gradients

        def leave():
            zeros = dict.fromkeys(live.update.term_names, tf.constant(0.0))
            return zeros, tf.constant(0.0), tf.zeros(len(live.variables))

        return take() if every == 1 else tf.cond(tf.equal(number % every, 0), take, leave)

    def _run(self, live, reals, nimg):
        """Runs an update on all replicas, and sums their terms."""
        terms, norms = self.strategy.run(lambda reals: self._update(live, reals, nimg), [reals])
        terms = {k: self.strategy.reduce("SUM", v, axis=None) for k, v in terms.items()}
        return terms, self.strategy.experimental_local_results(norms)[0]  # Those of all are equal.

    def _update(self, live, reals, nimg):
        """Updates variables by the gradient of the mean terms, summed over replicas.

        Returns this replica's share of the mean terms, and the norm of the gradient of each
        variable.
        """
        lod = self.phase.detail_at(nimg)
        if lod.fading:
            lod = dataclasses.replace(lod, weight=tf.cast(lod.weight, tf.float32))
        reals = reals.shown(self.config.ladder, lod, self.config.prediction.past)
        parts = reals.map(lambda x: tf.reshape(x, [self.parts, self.size, *x.shape[1:]]))

        def share(number):
            penalties = Penalties(live.optimizer, self.size)
            part = Part(
                parts.map(lambda x: x[number]),
                lod,
                self._noise(nimg, live.stream, number),
                self.size,
                penalties,
            )
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in live.variables])
                terms = live.update.terms(part)
                minimised, watched = self._mean(terms.minimised), self._mean(terms.watched)
                loss = sum(minimised.values())
            of_loss = tape.gradient(loss, live.variables)
            of_penalties = penalties.gradient(tape, self.minibatch, live.variables)
            return minimised | watched, of_loss, of_penalties

        terms, gradients, penalties = share(0)
        for number in range(1, self.parts):
            with tf.control_dependencies(gradients):  # One part after the other.
                sums = (terms, gradients, penalties)
                sums = tf.nest.map_structure(tf.add, sums, share(number))
            terms, gradients, penalties = sums
        live.check(terms, gradients)
        gradients, penalties = sum_over_replicas((gradients, penalties))
        if penalties:
            pairs = live.optimizer.with_penalties(gradients, penalties, live.variables)
            live.optimizer.apply(pairs, live.variables)
            gradients = [gradient for gradient, _ in pairs]
        else:
            live.optimizer.apply(gradients, live.variables)
        return terms, tf.sqrt(2 * tf.stack([tf.nn.l2_loss(gradient) for gradient in gradients]))

    def _average(self, averages, values, copies, originals):
        """Moves a running average towards its network, and copies moving statistics."""
        share = 1 - self.config.train.running_average
        for average, value in zip(averages, values, strict=True):
            average.assign(fade(average.value, value.value, share))
        for copy, original in zip(copies, originals, strict=True):
            copy.assign(original.value)

    def _mean(self, terms):
        """This replica's share of the mean over the minibatch; the shares add up."""
        return {term: tf.reduce_sum(value) / self.minibatch for term, value in terms.items()}

    def _restore(self, before):
        for variable, value in zip(self.state, before, strict=True):
            variable.assign(value)

    def _distribute(self, reals):
        """The next element for each replica of this worker."""
        return self.strategy.experimental_distribute_values_from_function(lambda _: next(reals))

    def _noise(self, nimg, stream, part):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        begin = replica * self.count + part * self.size
        seed, rollbacks = self.config.train.seed, self.rollbacks
        return Noise(seed, nimg, stream, self.minibatch, begin, self.size, rollbacks)

    def _live(self, name):
        return self.model.live(name, self.phase.detail)

    def _live_steps(self, optimizers):
        """The model's steps with the variables that are live at the phase."""
        steps, stream = [], 0
        for step in self.model.steps():
            if isinstance(step, Average):
                kinds = zip(*map(_by_kind, map(self._live, (step.name, step.of))), strict=True)
                steps.append(tuple(variables for kind in kinds for variables in kind))
                continue
            layers = [(name, layer) for name in step.networks for layer in self._live(name)]
            variables = [v for _, layer in layers for v in layer.trainable_variables]
            names = [n for name, layer in layers for n in _names(name, layer)]
            steps.append(LiveUpdate(step, stream, optimizers[step.name], variables, names))
            stream += 1
        return steps

    def _state(self, optimizers):
        """All variables that a step may change."""
        networks = [self._live(name) for name in self.model.networks]
        variables = [v for layers in networks for layer in layers for v in layer.variables]
        return variables + [v for optimizer in optimizers.values() for v in optimizer.variables]


def term_names(model: Model) -> tuple[str, ...]:
    """The names of all values that a step of the model computes, in the order of its updates."""
    updates = [step for step in model.steps() if isinstance(step, Update)]
    terms = [name for update in updates for name in update.term_names]
    return (*terms, *(f"{update.name}_gradient_norm" for update in updates))


def clips_per_replica(config: Config, replicas: int, minibatch: int) -> int:
    """A replica's clips of the minibatch; raises `UserError` where it does not divide evenly."""
    grouped = config.model.uses("network.stddev_group")
    group = min(config.network.stddev_group, minibatch) if grouped else 1
    parts = config.train.accumulate
    if minibatch % (replicas * parts * group):
        raise UserError(
            f"`schedule.minibatch` should be a multiple of {replicas} replicas x {parts} parts "
            f"(`train.accumulate`) x groups of {group} clips (`network.stddev_group`). "
            f"Received: {minibatch}"
        )
    return minibatch // replicas


def _by_kind(layers):
    """The trainable variables of layers, and their other ones."""
    trainable = [v for layer in layers for v in layer.trainable_variables]
    return trainable, [v for layer in layers for v in layer.non_trainable_variables]


def _names(network, layer):
    return [
        f"{network}/{layer.name}/{variable.path.removeprefix(f'{layer.name}/')}"
        for variable in layer.trainable_variables
    ]
