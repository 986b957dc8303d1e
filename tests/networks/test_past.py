"""The past in the generator, against NumPy, and that nothing of the future comes with it."""

import keras
import numpy as np
import pytest

import config
from config import Prediction
from growth.ladder import Rung, make_ladder
from growth.phase import Lod
from networks.generator import Generator
from networks.inputs import Inputs
from networks.past import PastFrames, PastMotion, at_all_levels

RANDOM = np.random.default_rng(0)
LADDER = make_ladder("5x4x4 10x8x8 10x16x16", feature_maps_max=4)
NETWORK = config.Network(latent_size=8, stddev_group=1)
LATENTS = RANDOM.standard_normal([2, 8]).astype(np.float32)


def past(frames, side, num=2):
    return RANDOM.uniform(-1, 1, [num, frames, side, side, 3]).astype(np.float32)


def test_coarser_levels_are_given_whole_frames_alone():
    given = past(7, 16)
    coarse, middle, fine = at_all_levels(given, LADDER, 2)
    np.testing.assert_array_equal(fine, given)
    squares = given.reshape(2, 7, 8, 2, 8, 2, 3).mean((3, 5))
    np.testing.assert_allclose(middle, squares, atol=1e-6)
    pairs = squares[:, :6].reshape(2, 3, 2, 4, 2, 4, 2, 3).mean((2, 4, 6))
    np.testing.assert_allclose(coarse, pairs, atol=1e-6)


def test_levels_without_a_whole_frame_are_given_nothing():
    none, one, same = at_all_levels(past(1, 16), LADDER, 2)
    assert none is None
    assert (one.shape[1], same.shape[1]) == (1, 1)
    assert at_all_levels(None, LADDER, 2) == [None] * 3


def test_past_frames_are_in_their_places():
    layer, given = PastFrames(2, Rung(5, 4, 4, 6)), past(2, 4)
    kernel = layer.conv.kernel.numpy()[0, 0, 0] * layer.conv.scale
    layer.conv.bias.assign(RANDOM.standard_normal(6))
    maps = layer(given).numpy()
    assert maps.shape == (2, 5, 4, 4, 6)
    bias = layer.conv.bias.numpy()
    np.testing.assert_allclose(maps[:, :2], given @ kernel[:3] + kernel[3] + bias, atol=1e-5)
    np.testing.assert_allclose(maps[:, 2:], np.broadcast_to(bias, maps[:, 2:].shape), atol=1e-6)


def test_past_motion_has_kernels_of_its_own_for_each_frame():
    layer, given = PastMotion(3, Rung(7, 8, 8, 2)), past(3, 8)
    maps = layer(given).numpy()
    assert maps.shape == (2, 7, 8, 8, 2)
    colours = np.concatenate([given[:, i] for i in range(3)], -1)
    first, second = (conv.kernel.numpy()[0] * conv.scale for conv in (layer.conv0, layer.conv1))
    hidden = np.zeros([2, 3, 3, 4])  # Around the place (4, 4).
    for y, x in np.ndindex(3, 3):
        hidden[:, y, x] = np.einsum("nijc,ijco->no", colours[:, y + 1 :, x + 1 :][:, :5, :5], first)
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
    for frame in range(7):
        kernel = second[..., 2 * frame : 2 * frame + 2]
        expected = np.einsum("nyxc,yxco->no", hidden, kernel)
        np.testing.assert_allclose(maps[:, frame, 4, 4], expected, atol=1e-5)


@pytest.mark.parametrize("encoder", ["frames", "motion"])
@pytest.mark.parametrize("lod", [Lod(0), Lod(1, 0.3), Lod(2)])
def test_clips_begin_with_the_past_and_depend_on_it(encoder, lod):
    generator = Generator(LADDER, NETWORK, Prediction(past=6, encoder=encoder, from_last=False))
    given = past(LADDER.past_frames(6, lod.level), LADDER[lod.level].height)
    clips = generator(Inputs(LATENTS, past=given), lod=lod).numpy()
    count = given.shape[1]
    assert clips.shape[1:4] == LADDER[lod.level].shape
    np.testing.assert_array_equal(clips[:, :count], given)
    other = generator(Inputs(LATENTS, past=-given), lod=lod).numpy()
    assert np.abs(clips - other)[:, count:].max() > 1e-3


def test_what_is_generated_is_added_to_the_last_frame():
    alone, added = (
        Generator(LADDER, NETWORK, Prediction(past=6, from_last=from_last))
        for from_last in (False, True)
    )
    added.set_weights(alone.get_weights())
    inputs = Inputs(LATENTS, past=past(6, 8))
    difference = (added(inputs, lod=Lod(1)) - alone(inputs, lod=Lod(1))).numpy()[:, 6:]
    last = np.repeat(inputs.past[:, -1:], 4, 1)
    np.testing.assert_allclose(difference, last, atol=1e-5)


def test_a_mask_chooses_between_the_last_frame_and_what_is_generated():
    generator = Generator(LADDER, NETWORK, Prediction(past=6, mask=True))
    inputs = Inputs(LATENTS, past=past(6, 8))
    last = np.repeat(inputs.past[:, -1:], 4, 1)
    made = {}
    for logit in (-20.0, 0.0, 20.0):
        layer = generator.to_rgb[1]
        layer.kernel.assign(layer.kernel * np.array([1, 1, 1, 0], np.float32))
        layer.bias.assign([0, 0, 0, logit])
        made[logit] = generator(inputs, lod=Lod(1)).numpy()[:, 6:]
    np.testing.assert_allclose(made[-20.0], last, atol=1e-5)
    np.testing.assert_allclose(made[0.0], (last + made[20.0]) / 2, atol=1e-5)


def test_without_a_critic_latents_do_not_matter():
    inputs = [Inputs(z, past=past(6, 8)) for z in (LATENTS, -LATENTS)]
    inputs[1] = inputs[1]._replace(past=inputs[0].past)
    for critic in (True, False):
        generator = Generator(LADDER, NETWORK, Prediction(past=6, critic=critic))
        one, other = (generator(x, lod=Lod(1)).numpy() for x in inputs)
        assert (one == other).all() == (not critic)


def test_rungs_without_a_whole_frame_have_no_layer():
    generator = Generator(LADDER, NETWORK, Prediction(past=1))
    assert [layer.name for layer in generator.from_past] == ["from_past1", "from_past2"]
    names = [[layer.name for layer in generator.live_layers(Lod(i))] for i in range(3)]
    assert [sum("from_past" in name for name in live) for live in names] == [0, 1, 2]
    assert generator(Inputs(LATENTS), lod=Lod(0)).shape == (2, 5, 4, 4, 3)
    with pytest.raises(ValueError, match=r"`inputs.past` should be 1 frames. Received: 0"):
        generator(Inputs(LATENTS), lod=Lod(1))


def test_without_a_past_the_generator_is_what_it_was():
    keras.utils.set_random_seed(0)
    one = Generator(LADDER, NETWORK)
    keras.utils.set_random_seed(0)
    other = Generator(LADDER, NETWORK, Prediction(past=0, encoder="frames"))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not one.from_past


def test_the_table_counts_all_parameters():
    one_rung = make_ladder("4x4x4", feature_maps_max=4)
    for encoder in ("frames", "motion"):
        model = Generator(one_rung, NETWORK, Prediction(past=2, encoder=encoder))
        assert sum(row[2] for row in model.table()) == model.count_params()
