"""The terms of VGAN, TGAN and MoCoGAN, in closed form, with critics of known outputs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dataset.batch import Batch
from growth.phase import Lod
from models.model import Part
from models.registry import model_class
from models.tgan import _rmsprop
from tests.models.test_fixed import small_config
from training.noise import Noise

REAL, FAKE = np.array([0.5, -1.0, 2.0]), np.array([-0.25, 1.5, 0.0])
LABELS = np.array([1, 0, -1])


def softplus(x):
    return np.log1p(np.exp(x))


def clips_of(values):
    """Constant clips, whose mean is the value."""
    return tf.constant(
        np.broadcast_to(values[:, None, None, None, None], (3, 16, 8, 8, 3)), tf.float32
    )


@pytest.fixture
def part():
    return Part(Batch(clips_of(REAL), tf.constant(LABELS)), Lod(0), Noise(0, 0, 0, 3, 0, 3), 3)


class Means:
    """A critic whose outputs [N, ..., C] are multiples of the mean of a clip."""

    def __init__(self, shape, factors):
        self.shape, self.factors = shape, tf.constant(factors, tf.float32)

    def __call__(self, clips, **_):
        means = tf.reduce_mean(clips, list(range(1, clips.shape.rank)))
        outputs = tf.reshape(means, [-1, *[1] * len(self.shape), 1]) * self.factors
        return tf.broadcast_to(outputs, [len(means), *self.shape, len(self.factors)])


def make(monkeypatch, name, *settings):
    model = model_class(config := small_config(name, *settings))(config)
    monkeypatch.setattr(model, "fakes", lambda part: Batch(clips_of(FAKE), part.reals.labels))
    return model


def test_vgan_has_two_logits(monkeypatch, part):
    model = make(monkeypatch, "vgan", "model.mask_weight=0.25")
    model.networks["D"] = Means((1, 1, 1), [-0.5, 1.5])  # Their difference is twice the mean.
    terms = model._critic_terms(part)
    expected = softplus(-2 * REAL) + softplus(2 * FAKE)
    np.testing.assert_allclose(terms.minimised["critic"], expected, rtol=1e-5)
    np.testing.assert_allclose(terms.watched["score_gap"], 2 * (REAL - FAKE), rtol=1e-5)
    mask = np.linspace(0, 1, 3)
    streams = {"clip": clips_of(FAKE), "mask": clips_of(mask)[..., :1]}
    monkeypatch.setattr(model.networks["G"], "streams", lambda *_, **__: streams)
    terms = model._generator_terms(part).minimised
    np.testing.assert_allclose(terms["generator"], softplus(-2 * FAKE), rtol=1e-5)
    np.testing.assert_allclose(terms["mask"], 0.25 * mask, rtol=1e-5)


@pytest.mark.parametrize(
    ("variant", "critic", "generator"),
    [
        ("svc", FAKE - REAL, -FAKE),
        ("clip", FAKE - REAL, -FAKE),
        ("vanilla", softplus(-REAL) + softplus(FAKE), softplus(-FAKE)),
        ("lsgan", (REAL - 1) ** 2 + (FAKE + 1) ** 2, FAKE**2),
    ],
)
def test_tgan(monkeypatch, part, variant, critic, generator):
    model = make(monkeypatch, "tgan", f"model.variant={variant}")
    model.networks["D"] = Means((1, 1, 1), [1.0])
    found = model._critic_terms(part).minimised["critic"]
    np.testing.assert_allclose(found, critic, rtol=1e-5)
    found = model._generator_terms(part).minimised["generator"]
    np.testing.assert_allclose(found, generator, rtol=1e-5)


def test_tgan_bounds_the_scale_of_normalisation(monkeypatch):
    model = make(monkeypatch, "tgan", "growth.ladder=16x16x16", "growth.resolution=16")
    norm = next(
        layer
        for layer in model.networks["D"].live_layers(None)
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    size = norm.gamma.shape[0]
    norm.moving_variance.assign(np.full(size, 4.0))
    norm.gamma.assign(np.resize([-1.0, 5.0, 1.5], size))
    model._clip_singular_values(tf.constant(1, tf.int64))  # Not due.
    np.testing.assert_array_equal(norm.gamma.numpy(), np.resize([-1.0, 5.0, 1.5], size))
    model._clip_singular_values(tf.constant(5, tf.int64))
    np.testing.assert_allclose(norm.gamma.numpy(), np.resize([0.02, 2.0, 1.5], size), rtol=1e-6)


def test_tgan_has_the_rmsprop_of_chainer():
    optimizer, weight = _rmsprop(), keras.Variable([1.0, 1.0])
    optimizer.learning_rate = 0.1
    gradients, square, expected = [[0.3, 1e-3], [-0.2, 2e-3]], np.zeros(2), np.ones(2)
    for gradient in np.array(gradients):
        optimizer.apply([tf.constant(gradient, tf.float32)], [weight])
        square = 0.99 * square + 0.01 * gradient**2
        expected -= 0.1 * gradient / (np.sqrt(square) + 1e-8)
    np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-3)


def test_mocogan(monkeypatch, part):
    settings = ["model.noise=0", "model.category_weight=2", "model.weight_decay=0.5"]
    model = make(monkeypatch, "mocogan", *settings)
    trained = {
        name: sum(np.sum(np.square(w.numpy())) for w in net.trainable_variables)
        for name, net in model.networks.items()
    }
    image, video = Means((4, 4), [1.0]), Means((2, 1, 1), [1.0, 0.5, -0.5])
    for name, critic in (("D_I", image), ("D_V", video)):
        critic.trainable_variables = model.networks[name].trainable_variables
        model.networks[name] = critic
    terms = model._video_terms(part)
    expected = softplus(-REAL) + softplus(FAKE)
    np.testing.assert_allclose(terms.minimised["video_critic"], expected, rtol=1e-5)
    np.testing.assert_allclose(terms.watched["video_gap"], REAL - FAKE, rtol=1e-5)
    decay = 0.5 * trained["D_V"] / 2
    np.testing.assert_allclose(terms.minimised["video_decay"], np.full(3, decay), rtol=1e-5)
    logits = np.stack([0.5 * REAL, -0.5 * REAL], 1)
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = [-2 * logs[0, 1], -2 * logs[1, 0], 0]  # The third has no label.
    np.testing.assert_allclose(terms.minimised["category"], expected, rtol=1e-5)
    monkeypatch.setattr(model, "_pictures", lambda part: clips_of(FAKE)[:, 0])
    terms = model._image_terms(part).minimised
    expected = softplus(-REAL) + softplus(FAKE)
    np.testing.assert_allclose(terms["image_critic"], expected, rtol=1e-5)
