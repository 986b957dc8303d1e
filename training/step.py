"""One training step at one phase: critic update, running average, generator update.

The phase's level is a Python integer, so that a trace holds the live path of the networks alone.
"""

import tensorflow as tf

from config import Config
from growth.phase import Phase
from growth.resample import fade, fade_clips
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
        self.group = min(config.network.stddev_group, phase.minibatch)
        self.G_variables = _variables(networks.G.live_layers(self.level, phase.fading))
        self.D_variables = _variables(networks.D.live_layers(self.level, phase.fading))
        self.Gs_variables = _variables(networks.Gs.live_layers(self.level, phase.fading))
        self.terms = (*config.loss.terms, "generator", "D_gradient_norm", "G_gradient_norm")

    @tf.function
    def __call__(self, reals, nimg, steps):
        """Takes `steps` steps.

        Args:
            reals: distributed iterator of [N / replicas, T, H, W, 3] in [-1, 1].
            nimg: int64 scalar, clips shown before.
            steps: int32 scalar.

        Returns:
            Mean over clips and steps of each term of the losses, and the norms of the gradients.
        """
        sums = dict.fromkeys(self.terms, 0.0)
        for _ in tf.range(steps):
            terms = self._step(next(reals), nimg)
            sums = {term: sums[term] + terms[term] for term in self.terms}
            nimg += self.minibatch
        return {term: value / tf.cast(steps, tf.float32) for term, value in sums.items()}

    def _step(self, reals, nimg):
        # None where nothing fades: the path of the rung below is dead.
        weight = tf.cast(self.phase.weight_at(nimg), tf.float32) if self.phase.fading else None
        terms = self.strategy.run(self._update_D, (reals, nimg, weight))
        self._update_Gs()
        terms |= self.strategy.run(self._update_G, (nimg, weight))
        return {k: self.strategy.reduce("SUM", v, axis=None) for k, v in terms.items()}

    def _update_D(self, reals, nimg, weight):
        noise = self._noise(nimg, stream=0)
        fakes = self._generate(noise, weight)
        if weight is not None:
            reals = fade_clips(reals, self.config.ladder.factors(self.level), weight)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([v.value for v in self.D_variables])
            terms = self.config.loss.discriminator_loss(self._critic(weight), reals, fakes, noise)
            terms = self._mean(terms)
            loss = sum(terms.values())
        norm = self._apply(tape, loss, self.D_variables, self.networks.D_optimizer)
        return terms | {"D_gradient_norm": norm}

    def _update_G(self, nimg, weight):
        noise = self._noise(nimg, stream=1)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([v.value for v in self.G_variables])
            fakes = self._generate(noise, weight)
            terms = self._mean(self.config.loss.generator_loss(self._critic(weight), fakes))
            loss = sum(terms.values())
        norm = self._apply(tape, loss, self.G_variables, self.networks.G_optimizer)
        return terms | {"G_gradient_norm": norm}

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

    def _apply(self, tape, loss, variables, optimizer):
        """Updates `variables`; the optimizer sums the gradients over the replicas.

        Returns the norm of this replica's gradients; with several, the shares' sum is logged.
        """
        gradients = tape.gradient(loss, variables)
        optimizer.apply(gradients, variables)
        return tf.linalg.global_norm(gradients)

    def _noise(self, nimg, stream):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        begin = replica * self.count
        return Noise(self.config.train.seed, nimg, stream, self.minibatch, begin, self.count)


def clips_per_replica(config: Config, replicas: int, minibatch: int) -> int:
    """A replica's part of the minibatch; raises `UserError` where it does not come out even."""
    group = min(config.network.stddev_group, minibatch)
    if minibatch % (replicas * group):
        raise UserError(
            f"`schedule.minibatch` should be a multiple of {replicas} replicas x groups of {group} "
            f"clips (`network.stddev_group`). Received: {minibatch}"
        )
    return minibatch // replicas


def _variables(layers):
    return [variable for layer in layers for variable in layer.trainable_variables]
