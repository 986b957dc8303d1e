"""One training step at one phase: critic update, running average, generator update.

The phase's level is a Python integer, so that a trace holds the live path of the networks alone.
A step with NaN or infinity in a loss or a gradient, on whichever replica, is taken back on all.
"""

import tensorflow as tf

from config import Config
from growth.phase import Phase
from growth.resample import fade, fade_clips
from losses.penalties import at_once
from support.errors import UserError
from training.faults import Faults
from training.noise import Noise


class TrainingStep:
    """A traced call of several steps on all replicas of a strategy.

    Args:
        config: of the run.
        networks: `training.trainer.Networks`, made in the scope of `strategy`.
        strategy: of `tf.distribute`.
        phase: which it is; where training is in it comes with each call.
        rollbacks: how often training went back to a checkpoint; each time with other noise.
    """

    def __init__(
        self,
        config: Config,
        networks,
        strategy: tf.distribute.Strategy,
        phase: Phase,
        rollbacks: int = 0,
    ):
        self.config, self.networks, self.strategy = config, networks, strategy
        self.rollbacks = rollbacks
        self.phase, self.level, self.minibatch = phase, phase.level, phase.minibatch
        self.count = clips_per_replica(config, strategy.num_replicas_in_sync, phase.minibatch)
        self.parts = config.train.accumulate
        self.size = self.count // self.parts  # Clips that go through the networks at once.
        self.group = min(config.network.stddev_group, phase.minibatch)
        self.G_layers = networks.G.live_layers(self.level, phase.fading)
        self.D_layers = networks.D.live_layers(self.level, phase.fading)
        self.G_variables, self.D_variables = _variables(self.G_layers), _variables(self.D_layers)
        self.Gs_variables = _variables(networks.Gs.live_layers(self.level, phase.fading))
        self.terms = (*config.loss.terms, "generator", "D_gradient_norm", "G_gradient_norm")
        # All that a step changes.
        self.state = [*self.G_variables, *self.D_variables, *self.Gs_variables]
        self.state += [*networks.G_optimizer.variables, *networks.D_optimizer.variables]

    @tf.function
    def __call__(self, reals, nimg, steps):
        """Takes `steps` steps.

        Args:
            reals: iterator of `dataset.batch.Batch`, N / replicas clips each, for this worker's
                replicas in turn.
            nimg: int64 scalar, clips shown before.
            steps: int32 scalar.

        Returns:
            The mean of each of `terms` over clips and over the steps that were taken, and `Faults`.
        """
        sums = dict.fromkeys(self.terms, 0.0)
        faults = Faults.none(self.terms, len(self.D_variables) + len(self.G_variables))
        for _ in tf.range(steps):
            before = [variable.value.read_value() for variable in self.state]
            terms, gradients = self.one(self._share_out(reals), nimg)
            finite = tf.reduce_all(tf.math.is_finite(tf.stack(list(terms.values()))))
            if not finite:
                self._take_back(before)
            sums = {term: sums[term] + tf.where(finite, terms[term], 0.0) for term in self.terms}
            faults = faults.after(finite, terms, gradients)
            nimg += self.minibatch
        taken = tf.cast(tf.maximum(steps - faults.skipped, 1), tf.float32)
        return {term: value / taken for term, value in sums.items()}, faults

    def describe(self, faults: Faults) -> str:
        """What was not finite in the last skipped step, in words."""
        names = [*_names("D", self.D_layers), *_names("G", self.G_layers)]
        phase = "fading in" if self.phase.fading else "stable"
        return f"{faults.describe(names)} at {self.config.ladder[self.level]}, {phase}"

    def one(self, reals, nimg):
        """One step on distributed `reals`, from `nimg` clips on.

        Returns the summed means of the terms, and the norm of the gradient of each variable.
        """
        # None where nothing fades: the path of the rung below is dead.
        weight = tf.cast(self.phase.weight_at(nimg), tf.float32) if self.phase.fading else None
        terms, D_gradients = self._run(self._update_D, reals, nimg, weight)
        self._update_Gs()
        more_terms, G_gradients = self._run(self._update_G, nimg, weight)
        norms = {"D_gradient_norm": tf.norm(D_gradients), "G_gradient_norm": tf.norm(G_gradients)}
        return terms | more_terms | norms, tf.concat([D_gradients, G_gradients], 0)

    def _run(self, update, *arguments):
        """Runs `update` on all replicas, and sums what they return."""
        terms, gradients = self.strategy.run(update, arguments)
        terms = {k: self.strategy.reduce("SUM", v, axis=None) for k, v in terms.items()}
        return terms, self.strategy.reduce("SUM", gradients, axis=None)

    def _take_back(self, before):
        for variable, value in zip(self.state, before, strict=True):
            variable.assign(value)

    def _share_out(self, reals):
        """The next element for each replica of this worker."""
        return self.strategy.experimental_distribute_values_from_function(
            lambda _: next(reals).clips
        )

    def _update_D(self, reals, nimg, weight):
        if weight is not None:
            reals = fade_clips(reals, self.config.ladder.factors(self.level), weight)
        reals = tf.reshape(reals, [self.parts, self.size, *reals.shape[1:]])

        def terms(part):
            noise = self._noise(nimg, 0, part)
            fakes = self._generate(noise, weight)  # The tape watches the critic alone.
            return self.config.loss.discriminator_loss(
                self._critic(weight), reals[part], fakes, noise, self._lazily(nimg)
            )

        return self._update(terms, self.D_variables, self.networks.D_optimizer)

    def _update_G(self, nimg, weight):
        def terms(part):
            fakes = self._generate(self._noise(nimg, 1, part), weight)
            return self.config.loss.generator_loss(self._critic(weight), fakes)

        return self._update(terms, self.G_variables, self.networks.G_optimizer)

    def _update(self, terms_of, variables, optimizer):
        """Updates `variables` by the gradient of the mean terms; the optimizer sums over replicas.

        Args:
            terms_of: the terms [N] of a part of this replica's clips, of a critic or generator.

        Returns:
            The mean terms, and [variables], the norm of this replica's gradient of each; with
            several replicas, the shares' sum is logged.
        """

        def share(part):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in variables])
                terms = self._mean(terms_of(part))
                loss = sum(terms.values())
            return terms, tape.gradient(loss, variables)

        terms, gradients = share(0)
        for part in range(1, self.parts):
            with tf.control_dependencies(gradients):  # One part after the other.
                sums = tf.nest.map_structure(tf.add, (terms, gradients), share(part))
            terms, gradients = sums
        optimizer.apply(gradients, variables)
        return terms, tf.sqrt(2 * tf.stack([tf.nn.l2_loss(gradient) for gradient in gradients]))

    def _update_Gs(self):
        """Moves the running average towards the generator."""
        share = 1 - self.config.train.running_average
        for average, value in zip(self.Gs_variables, self.G_variables, strict=True):
            average.assign(fade(average.value, value.value, share))

    def _generate(self, noise, weight):
        latents = noise.normal(self.config.network.latent_size)
        return self.networks.G(latents, level=self.level, weight=weight)

    def _critic(self, weight):
        return self.networks.D.at(self.level, weight, self.group)

    def _mean(self, terms):
        """This replica's share of the mean over the minibatch; the shares add up."""
        return {term: tf.reduce_sum(value) / self.minibatch for term, value in terms.items()}

    def _lazily(self, nimg):
        """How the gradient penalty is taken: at each step, or every so many, weighted so much."""
        every = self.config.train.penalty_interval
        if every == 1:
            return at_once
        due = tf.equal(nimg // self.minibatch % every, 0)
        return lambda penalty: tf.cond(
            due, lambda: every * penalty(), lambda: tf.zeros([self.size])
        )

    def _noise(self, nimg, stream, part):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        begin = replica * self.count + part * self.size
        seed, rollbacks = self.config.train.seed, self.rollbacks
        return Noise(seed, nimg, stream, self.minibatch, begin, self.size, rollbacks)


def clips_per_replica(config: Config, replicas: int, minibatch: int) -> int:
    """A replica's clips of the minibatch; raises `UserError` where it does not come out even."""
    group, parts = min(config.network.stddev_group, minibatch), config.train.accumulate
    if minibatch % (replicas * parts * group):
        raise UserError(
            f"`schedule.minibatch` should be a multiple of {replicas} replicas x {parts} parts "
            f"(`train.accumulate`) x groups of {group} clips (`network.stddev_group`). "
            f"Received: {minibatch}"
        )
    return minibatch // replicas


def _variables(layers):
    return [variable for layer in layers for variable in layer.trainable_variables]


def _names(network, layers):
    """Such as "D/block1/conv0/kernel", in the order of `_variables`."""
    return [
        f"{network}/{layer.name}/{variable.path.removeprefix(f'{layer.name}/')}"
        for layer in layers
        for variable in layer.trainable_variables
    ]
