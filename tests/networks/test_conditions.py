"""Labels in generator and critic, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import config
from dataset.batch import Batch
from growth.ladder import make_ladder
from growth.phase import Lod
from models.critic import PhaseCritic
from networks.conditions import (
    ClassVectors,
    Projection,
    class_weights,
    for_layer_per_class,
    with_class_maps,
)
from networks.discriminator import Discriminator
from networks.generator import Generator
from networks.heads import SlicedHead
from networks.inputs import Inputs
from support.errors import UserError

LADDER = make_ladder("4x4x4 4x8x8", feature_maps_max=4)
RANDOM = np.random.default_rng(0)
CLIPS = RANDOM.uniform(-1, 1, [3, 4, 8, 8, 3]).astype(np.float32)
LATENTS = RANDOM.standard_normal([3, 8]).astype(np.float32)
LABELS = np.array([1, -1, 0], np.int32)


def network(form, classes=("a", "b"), **settings):
    return config.Network(latent_size=8, stddev_group=1, labels=form, classes=classes, **settings)


def test_weights_of_labels():
    expected = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    np.testing.assert_array_equal(class_weights(LABELS, 2), expected)
    between = np.array([[0.25, 0.75]], np.float32)
    np.testing.assert_array_equal(class_weights(between, 2), [[0.25, 0.75, 0]])


def test_vectors_are_mixed_and_normalised():
    layer = ClassVectors(2, 8)
    a, b, none = layer.vectors.numpy()
    mixed = 0.25 * a + 0.75 * b
    found = layer(np.array([[0.25, 0.75]], np.float32))[0]
    np.testing.assert_allclose(found, mixed / np.sqrt(np.mean(mixed**2)), rtol=1e-5)
    np.testing.assert_allclose(layer(LABELS)[1], none / np.sqrt(np.mean(none**2)), rtol=1e-5)


def test_biases_of_classes():
    G = Generator(LADDER, network("concat", class_bias=True))
    inputs = Inputs(LATENTS, LABELS)
    before = G(inputs, lod=Lod(1)).numpy()
    (layer,) = G.class_bias
    layer.bias.assign(RANDOM.standard_normal([3, 4]) * [[1], [0], [0]])
    after = G(inputs, lod=Lod(1)).numpy()
    np.testing.assert_array_equal(after[:2], before[:2])
    assert np.abs(after[2] - before[2]).max() > 1e-3
    assert ("Bias per class", (4, 1, 1, 1), 12) in G.table()


@pytest.mark.parametrize(("mean", "scale"), [(True, 8), (False, np.sqrt(8))])
def test_projection(mean, scale):
    layer = Projection(2, 8, mean)
    a = layer.vectors.vectors.numpy()[0]
    expected = LATENTS[0] @ a / np.sqrt(np.mean(a**2)) / scale
    assert layer(LATENTS[:1], np.array([0])).numpy() == pytest.approx([expected], rel=1e-4)


def test_slices_of_a_class_are_a_sliced_head_of_its_own():
    head, one = SlicedHead(8, classes=2), SlicedHead(8)
    head.slopes.assign(RANDOM.standard_normal([3, 8]))
    head.bias.assign(RANDOM.standard_normal([3, 8]))
    scores = head(LATENTS, LABELS)
    for score, latent, label in zip(scores, LATENTS, [1, 2, 0], strict=True):
        one.set_weights([head.theta.numpy(), head.slopes.numpy()[label], head.bias.numpy()[label]])
        assert float(score) == pytest.approx(one(latent[None]).numpy()[0], abs=1e-5)


def test_maps_with_class_maps():
    given = class_weights(LABELS, 2)
    found = with_class_maps(CLIPS, given).numpy()
    np.testing.assert_array_equal(found[..., :3], CLIPS)
    for clip, weights in zip(found, given.numpy(), strict=True):
        assert (clip[..., 3:] == weights).all()


def test_inputs_of_a_layer_per_class():
    inputs = for_layer_per_class(tf.constant(LATENTS), LABELS, 2).numpy().reshape(3, 3, 9)
    for found, latent, place in zip(inputs, LATENTS, (1, 2, 0), strict=True):
        np.testing.assert_allclose(found[place], np.sqrt(3) * np.append(latent, 1), rtol=1e-6)
        assert not np.delete(found, place, 0).any()


@pytest.mark.parametrize("class_input", ["vector", "layer"])
def test_generator_takes_the_label_into_account(class_input):
    generator = Generator(LADDER, network("projection", class_input=class_input))
    same = np.repeat(LATENTS[:1], 3, axis=0)
    clips = generator(Inputs(same, LABELS), lod=Lod(1)).numpy()
    assert min(np.abs(clips[i] - clips[j]).max() for i, j in [(0, 1), (0, 2), (1, 2)]) > 0.05
    weights = class_weights(LABELS, 2).numpy()[[0, 2], :2]
    by_weights = generator(Inputs(same[:2], weights), lod=Lod(1))
    np.testing.assert_allclose(by_weights, clips[[0, 2]], atol=1e-5)
    with pytest.raises(ValueError, match="labels"):
        generator(Inputs(LATENTS), lod=Lod(1))


@pytest.mark.parametrize("form", ["projection", "slices", "concat", "adc", "head"])
def test_only_the_form_decides_what_scores_depend_on(form):
    keras.utils.set_random_seed(0)
    D = Discriminator(LADDER, network(form), "sliced")
    D.head.bias.assign(RANDOM.standard_normal(D.head.bias.shape))
    critic = PhaseCritic(D, Lod(1))
    one, other = (
        critic.score(critic.encode(Batch(CLIPS, tf.constant(labels)))).numpy()
        for labels in ([0, 0, 0], [1, 0, -1])
    )
    assert one[1] == pytest.approx(other[1], abs=1e-6)
    assert (np.abs(one - other)[[0, 2]] > 1e-5).all() == (form not in ("adc", "head"))


@pytest.mark.parametrize(("form", "outputs"), [("head", 2), ("adc", 4)])
def test_label_head(form, outputs):
    critic = PhaseCritic(Discriminator(LADDER, network(form), "scalar"), Lod(1))
    seen = critic.encode(Batch(CLIPS, tf.constant(LABELS)))
    assert critic.classify(seen).shape == (3, outputs)
    critic = PhaseCritic(Discriminator(LADDER, network("concat"), "scalar"), Lod(1))
    with pytest.raises(ValueError, match="label head"):
        critic.classify(seen)


@pytest.mark.parametrize("form", ["projection", "slices", "concat", "adc", "head"])
def test_one_class_is_the_unconditional_network(form):
    for make in (
        lambda network: Generator(LADDER, network),
        lambda network: Discriminator(LADDER, network, "sliced"),
    ):
        with_class, without = make(network(form, ("a",))), make(network("none"))
        names = [[v.path for v in model.variables] for model in (with_class, without)]
        shapes = [[v.shape for v in model.variables] for model in (with_class, without)]
        assert shapes[0] == shapes[1]
        assert len(names[0]) == len(names[1])


def test_tables_count_all_parameters():
    one_rung = make_ladder("4x4x4", feature_maps_max=4)
    for form in ("projection", "slices", "concat", "adc", "head"):
        for model in (
            Generator(one_rung, network(form)),
            Generator(one_rung, network(form, class_input="layer")),
            Discriminator(one_rung, network(form), "sliced"),
        ):
            assert sum(row[2] for row in model.table()) == model.count_params()


def test_slices_need_the_sliced_head():
    with pytest.raises(UserError, match=r"`network.labels` should be slices only"):
        config.demo().override(["network.labels=slices", "loss=wgan_gp"])
