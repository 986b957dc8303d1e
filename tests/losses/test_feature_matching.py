"""Feature matching: its value, and its gradient against equation 2.3 as printed."""

import numpy as np
import tensorflow as tf

from dataset.batch import Batch
from losses.feature_matching import FeatureMatching
from losses.gan import GAN
from tests.losses.toys import LinearCritic, clips


def _setting():
    random = np.random.default_rng(0)
    return LinearCritic(random, 12, 4), clips(random, 5), clips(random, 5)


def test_equal_sets_cost_nothing():
    critic, reals, _ = _setting()
    backwards = Batch(reals.clips[::-1], reals.labels[::-1])
    terms, *_ = FeatureMatching().generator_loss(critic.as_tensors(), reals, backwards)
    assert tuple(terms) == FeatureMatching.generator_terms
    np.testing.assert_allclose(terms["generator"], np.zeros(5), atol=1e-10)


def test_value_and_gradient_are_those_of_the_equation():
    critic, reals, fakes = _setting()
    tensors, random = critic.as_tensors(), np.random.default_rng(1)
    # A generator with these weights.
    weight = tf.constant(random.normal(size=[3, 3]), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(weight)
        made = fakes._replace(clips=fakes.clips @ weight)
        terms, *_ = FeatureMatching().generator_loss(tensors, reals, made)
        mean_term = tf.reduce_mean(terms["generator"])
        means = [tf.reduce_mean(tensors.encode(batch).values, 0) for batch in (reals, made)]
        printed = tf.reduce_sum(tf.square(means[0] - means[1]))
    np.testing.assert_allclose(mean_term, printed, rtol=1e-5)
    np.testing.assert_allclose(
        tape.gradient(mean_term, weight), tape.gradient(printed, weight), rtol=1e-4
    )


def test_means_are_over_all_replicas():
    critic, reals, fakes = _setting()
    reals, fakes = (Batch(x.clips[:4], x.labels[:4]) for x in (reals, fakes))
    whole, *_ = FeatureMatching().generator_loss(critic.as_tensors(), reals, fakes)
    devices = ["CPU:0", "CPU:1"]
    strategy = tf.distribute.MirroredStrategy(devices, tf.distribute.ReductionToOneDevice())

    def half():
        begin = 2 * tf.distribute.get_replica_context().replica_id_in_sync_group
        parts = [batch.map(lambda v: v[begin:][:2]) for batch in (reals, fakes)]
        return FeatureMatching().generator_loss(critic.as_tensors(), *parts)[0]["generator"]

    for part in strategy.experimental_local_results(strategy.run(tf.function(half))):
        np.testing.assert_allclose(part, whole["generator"][:2], rtol=1e-5)


def test_the_critic_is_that_of_the_gan_loss():
    critic, reals, fakes = _setting()
    assert FeatureMatching.critic_terms == GAN.critic_terms
    terms, *_ = FeatureMatching(r1_gamma=3.0).discriminator_loss(
        critic.as_tensors(), reals, fakes, None
    )
    expected, *_ = GAN(r1_gamma=3.0).discriminator_loss(critic.as_tensors(), reals, fakes, None)
    for term, value in expected.items():
        np.testing.assert_array_equal(terms[term], value)
