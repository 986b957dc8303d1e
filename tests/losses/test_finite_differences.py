"""The critic's whole loss on the real networks: its gradient against finite differences."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from growth.ladder import make_ladder
from growth.phase import Lod
from losses.gan import GAN
from losses.lsgan import LSGAN
from losses.relativistic import Relativistic
from losses.swgan import SWGAN
from losses.wgan import WGAN
from losses.wgan_gp import WGANGP
from models.critic import PhaseCritic
from networks.discriminator import Discriminator


class _Noise:
    def normal(self, *shape):
        return tf.random.stateless_normal([2, *shape], [0, 1], dtype=tf.float64)

    def uniform(self, *shape):
        return tf.random.stateless_uniform([2, *shape], [0, 2], dtype=tf.float64)


@pytest.fixture
def float64():
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


ALL = [SWGAN(), SWGAN.literal(), WGANGP(), GAN(), Relativistic()]
ALL += [LSGAN(), WGAN()]


@pytest.mark.parametrize(
    ("loss", "fused", "statistic"),
    [(loss, True, "stddev") for loss in ALL]
    + [(loss, False, "stddev") for loss in (SWGAN(), SWGAN.literal(), WGANGP())]
    + [(GAN(), True, "both")],
    ids=lambda value: getattr(value, "kind", value),
)
def test_gradient_of_the_critics_loss(float64, loss, fused, statistic):
    keras.utils.set_random_seed(0)
    ladder = make_ladder("4x4x4 4x8x8 8x16x16", feature_maps_max=2)
    network = types.SimpleNamespace(
        latent_size=4,
        minibatch_statistic=statistic,
        fused_resample=fused,
        rgb="finest",
        precision="float64",
        labels="none",
        num_classes=0,
    )
    D = Discriminator(ladder, network, loss.head)
    shape = (2, *ladder[2].shape, 3)
    clips = (tf.constant(np.random.default_rng(s).uniform(-1, 1, shape)) for s in (1, 2))
    reals, fakes = (Batch(x, tf.fill([2], -1)) for x in clips)
    variables = D.trainable_variables

    @tf.function
    def total():
        critic = PhaseCritic(D, Lod(2, tf.constant(0.3, tf.float64)), group=2)
        terms, *_ = loss.discriminator_loss(critic, reals, fakes, _Noise())
        return tf.add_n([tf.reduce_sum(term) for term in terms.values()])

    with tf.GradientTape() as tape:
        value = total()
    gradients = tape.gradient(value, [v.value for v in variables])
    random, h = np.random.default_rng(3), 1e-6
    for variable, slope in zip(variables, gradients, strict=True):
        before, along = variable.numpy(), random.standard_normal(variable.shape)
        variable.assign(before + h * along)
        above = total()
        variable.assign(before - h * along)
        numeric = float(above - total()) / (2 * h)
        variable.assign(before)
        # None: a dead rung, or the bias of a linear end, which no term depends on.
        analytic = 0.0 if slope is None else float(tf.reduce_sum(slope * along))
        assert analytic == pytest.approx(numeric, rel=1e-4, abs=1e-6), variable.path
