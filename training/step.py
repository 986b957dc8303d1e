"""One training step at one phase: critic update, running average, generator update.

The phase's level is a Python integer, so that a trace holds the live path of the networks alone.
"""

import tensorflow as tf

from config import Config
from growth.phase import Phase
from growth.resample import fade, fade_clips
from losses.penalties import at_once
from support.errors import UserError
from training.noise import Noise


class TrainingStep:
    """A traced call of several steps on all replicas of a strategy.

    Args:
        config: of the run.
        networks: `training.trainer.Networks`, made in the scope of `strategy`.
        strategy: of `tf.distribute`.
        phase: which it is; where training is in it comes with each call.
    """

    def __init__(self, config: Config, networks, strategy: tf.distribute.Strategy, phase: Phase):
        self.config, self.networks, self.strategy = config, networks, strategy
        self.phase, self.level, self.minibatch = phase, phase.level, phase.minibatch
        self.count = clips_per_replica(config, strategy.num_replicas_in_sync, phase.minibatch)
        self.parts = config.train.accumulate
        self.size = self.count // self.parts  # Clips that go through the networks at once.
        self.group = min(config.network.stddev_group, phase.minibatch)
        self.G_variables = _variables(networks.G.live_layers(self.level, phase.fading))
        self.D_variables = _variables(networks.D.live_layers(self.level, phase.fading))
        self.Gs_variables = _variables(networks.Gs.live_layers(self.level, phase.fading))
        self.terms = (*config.loss.terms, "generator", "D_gradient_norm", "G_gradient_norm")

    @tf.function
    def __call__(self, reals, nimg, steps):
        """Takes `steps` steps.

        Args:
            reals: iterator of [N / replicas, T, H, W, 3] in [-1, 1], for this worker's replicas
                in turn.
            nimg: int64 scalar, clips shown before.
            steps: int32 scalar.

        Returns:
            Mean over clips and steps of each term of the losses, and the norms of the gradients.
        """
        sums = dict.fromkeys(self.terms, 0.0)
        for _ in tf.range(steps):
            terms = self.one(self._share_out(reals), nimg)
            sums = {term: sums[term] + terms[term] for term in self.terms}
            nimg += self.minibatch
        return {term: value / tf.cast(steps, tf.float32) for term, value in sums.items()}

    def one(self, reals, nimg):
        """One step on distributed `reals`, from `nimg` clips on: the summed means of the terms."""
        # None where nothing fades: the path of the rung below is dead.
        weight = tf.cast(self.phase.weight_at(nimg), tf.float32) if self.phase.fading else None
        terms = self.strategy.run(self._update_D, (reals, nimg, weight))
        self._update_Gs()
        terms |= self.strategy.run(self._update_G, (nimg, weight))
        return {k: self.strategy.reduce("SUM", v, axis=None) for k, v in terms.items()}

    def _share_out(self, reals):
        """The next element for each replica of this worker."""
        return self.strategy.experimental_distribute_values_from_function(lambda _: next(reals))

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

        return self._update(terms, self.D_variables, self.networks.D_optimizer, "D_gradient_norm")

    def _update_G(self, nimg, weight):
        def terms(part):
            fakes = self._generate(self._noise(nimg, 1, part), weight)
            return self.config.loss.generator_loss(self._critic(weight), fakes)

        return self._update(terms, self.G_variables, self.networks.G_optimizer, "G_gradient_norm")

    def _update(self, terms_of, variables, optimizer, norm):
        """Updates `variables` by the gradient of the mean terms; the optimizer sums over replicas.

        Args:
            terms_of: the terms [N] of a part of this replica's clips, of a critic or generator.
            norm: its key beside the mean terms: the norm of this replica's gradients; with
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
        return terms | {norm: tf.linalg.global_norm(gradients)}

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
        return Noise(self.config.train.seed, nimg, stream, self.minibatch, begin, self.size)


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
