"""MoCoGAN's networks against NumPy, and their published sizes."""

import numpy as np
import pytest

from networks.inputs import Inputs
from networks.mocogan import MoCoGANGenerator, image_critic, video_critic
from tests.networks import reference as ref

CONTENT, CATEGORIES, MOTION, FRAMES = 4, 3, 2, 6


def _generator(category_in="picture"):
    network = MoCoGANGenerator(16, CONTENT, MOTION, CATEGORIES, category_in, maps=2)
    ref.randomise(network)
    return network


def _latents(num=3, frames=FRAMES, seed=1):
    size = CONTENT + CATEGORIES + MOTION * (1 + frames)
    return np.random.default_rng(seed).normal(size=(num, size)).astype(np.float32)


@pytest.mark.parametrize(
    ("categories", "of_generator", "of_critic"),
    [(6, 3_298_836, 11_253_504), (4, 3_282_452, None), (0, 3_249_684, 11_056_896)],
)
def test_published_sizes(categories, of_generator, of_critic):
    generator = MoCoGANGenerator(64, 50, 10, categories, "picture", 64)
    assert generator.count_trained() == of_generator
    assert generator.recurrent.count_params() == 660
    if of_critic:
        assert video_critic(64, categories, 64).count_trained() == of_critic


def test_published_size_of_the_image_critic():
    critic = image_critic(64, 64)
    assert critic.count_trained() == 663_296
    assert critic(np.zeros((1, 64, 64, 3), np.float32)).shape == (1, 4, 4, 1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("category_in", ["picture", "motion"])
def test_generator(category_in, training):
    network = _generator(category_in)
    layers, latents = ref.weights_of(network), _latents()
    content, category, motion = np.split(latents, [CONTENT, CONTENT + CATEGORIES], 1)
    category = np.eye(CATEGORIES)[category.argmax(1)]
    state, *noise = np.split(motion, 1 + FRAMES, 1)
    codes = []
    for values in noise:
        given = [values, category] if category_in == "motion" else [values]
        state = ref.gru_step(np.concatenate(given, 1), state, layers["recurrent"])
        constant = [content, category] if category_in == "picture" else [content]
        codes.append(np.concatenate([*constant, state], 1))
    codes = np.stack(codes, 1).reshape(3 * FRAMES, -1)
    x = ref.grow_from_vector(codes, layers, "image", 2, 1e-5, training)
    expected = np.tanh(ref.conv_transposed(x, layers["image_out"], 2, 1))
    found = network(Inputs(latents), training=training).numpy()
    assert found.shape == (3, FRAMES, 16, 16, 3)
    np.testing.assert_allclose(found, expected.reshape(found.shape), 1e-5, 1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_critics(training):
    video, image = video_critic(16, 2, 2), image_critic(32, 2)
    clips = np.random.default_rng(1).uniform(-1, 1, (2, 18, 16, 16, 3)).astype(np.float32)
    pictures = np.random.default_rng(2).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)

    def norm(x, layer):
        return ref.batch_norm(x, layer, 1e-5, training)

    for network, x, strides, pads, last in (
        (video, clips, (1, 2, 2), (0, 1, 1), ((1, 1, 1), (0, 0, 0))),
        (image, pictures, (2, 2), (1, 1), ((2, 2), (1, 1))),
    ):
        ref.randomise(network)
        layers = ref.weights_of(network)
        maps = ref.strided_critic(x, layers, strides, pads, norm)
        expected = ref.conv(maps, layers["last"], *last)
        np.testing.assert_allclose(network(x, training=training), expected, 1e-5, 1e-5)
    assert video(clips).shape == (2, 3, 1, 1, 3)  # A kernel of 10 frames in the last convolution.


def test_a_longer_latent_makes_a_longer_clip_with_the_same_beginning():
    network, latents = _generator(), _latents(frames=9)
    longer = network(Inputs(latents)).numpy()
    assert longer.shape == (3, 9, 16, 16, 3)
    shorter = network(Inputs(latents[:, : -3 * MOTION])).numpy()
    np.testing.assert_allclose(longer[:, :FRAMES], shorter, atol=1e-6)


def test_content_category_and_motion_change_apart():
    network = _generator()
    one, other = _latents(num=2)
    codes = {}
    for part, place in {
        "content": slice(0, CONTENT),
        "category": slice(CONTENT, CONTENT + CATEGORIES),
        "motion": slice(CONTENT + CATEGORIES, None),
    }.items():
        changed = one.copy()
        changed[place] = np.roll(one[place], 1) if part == "category" else other[place]
        codes[part] = network.codes(Inputs(changed[None])).numpy()
    before = network.codes(Inputs(one[None])).numpy()
    content, category, motion = np.split(before, [CONTENT, CONTENT + CATEGORIES], 2)
    np.testing.assert_array_equal(codes["motion"][..., :CONTENT], content)
    np.testing.assert_array_equal(codes["content"][..., CONTENT:], before[..., CONTENT:])
    assert (codes["category"][..., CONTENT : CONTENT + CATEGORIES] != category).any()
    assert (codes["motion"][..., CONTENT + CATEGORIES :] != motion).all()
    assert np.ptp(content, axis=1).max() == 0  # The same in each frame.


def test_labels_replace_the_drawn_category():
    network, latents = _generator(), _latents()
    given = network.one_hot(Inputs(latents, labels=np.array([2, 0, 1], np.int32))).numpy()
    np.testing.assert_array_equal(given, np.eye(3)[[2, 0, 1]])
    drawn = network.one_hot(Inputs(_latents(num=300))).numpy().mean(0)
    np.testing.assert_allclose(drawn, 1 / 3, atol=0.1)
