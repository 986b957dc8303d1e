"""What two critics see of clips, and training with them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from config import preset
from dataset.batch import Batch
from growth.phase import Lod
from growth.resample import downscale, upscale
from losses.loss import Seen
from models.dual import Dual
from models.views import Clip, Frames, Half
from networks.discriminator import Discriminator
from tests.training.toys import Reals, all_weights, tiny_config, trainer_for
from training.loop import train
from training.noise import Noise


def _noise(begin=0, count=4, nimg=0):
    return Noise(0, tf.constant(nimg, tf.int64), 0, 4, begin, count)


def _clips(rung, num=4):
    shape = (num, *rung.shape, 3)
    clips = np.random.default_rng(0).uniform(-1, 1, shape)
    return Batch(tf.constant(clips, tf.float32), tf.range(num))


def test_ladders_of_the_views():
    config = preset("actions")
    clips = "4x4x4 8x8x8 8x16x16 8x32x32 16x64x64"
    assert str(Clip(config).ladder) == str(config.ladder) == clips
    assert str(Half(config).ladder) == "4x4x4 8x4x4 8x8x8 8x16x16 16x32x32"
    assert str(Frames(config, 8).ladder) == "1x4x4 1x8x8 1x16x16 1x32x32 1x64x64"
    maps = {rung.height: rung.feature_maps for rung in config.ladder}
    assert all(rung.feature_maps == maps[rung.height] for rung in Half(config).ladder)


def test_a_view_fades_only_where_it_changes():
    config = tiny_config("growth.ladder=4x4x4 8x4x4 8x8x8", "growth.resolution=8")
    frames, half, weight = Frames(config, 8), Half(config), 0.25
    assert str(frames.ladder) == "1x4x4 1x8x8"
    assert str(half.ladder) == "4x4x4 8x4x4"
    assert (frames.lod(Lod(1, weight)), frames.lod(Lod(2, weight))) == (Lod(0), Lod(1, weight))
    assert (half.lod(Lod(1, weight)), half.lod(Lod(2, weight))) == (Lod(1, weight), Lod(1))
    assert (half.lod(Lod(0)), half.lod(Lod(2))) == (Lod(0), Lod(1))


def test_half_averages_heights_and_widths():
    config = tiny_config()
    reals = _clips(config.ladder[2])
    seen = Half(config)(reals, Lod(2), _noise())
    np.testing.assert_array_equal(seen.clips, downscale(reals.clips, (1, 2, 2)))
    first = _clips(config.ladder[0])
    np.testing.assert_array_equal(Half(config)(first, Lod(0), _noise()).clips, first.clips)


def test_frames_are_drawn_without_replacement_by_sample():
    config = tiny_config()
    view, rung = Frames(config, 3), config.ladder[2]
    numbers = tf.broadcast_to(tf.range(8.0)[None, :, None, None, None], (4, *rung.shape, 3))
    reals = Batch(numbers, tf.range(4))
    seen = view(reals, Lod(2), _noise())
    assert seen.clips.shape == (4, 3, 16, 16, 3)
    chosen = seen.clips.numpy()[:, :, 0, 0, 0]
    assert (np.diff(chosen) > 0).all()  # In order, and each once.
    assert len({tuple(row) for row in chosen}) > 1
    half = view(Batch(numbers[2:], reals.labels[2:]), Lod(2), _noise(begin=2, count=2))
    np.testing.assert_array_equal(half.clips, seen.clips[2:])
    other = view(reals, Lod(2), _noise(nimg=4)).clips.numpy()[:, :, 0, 0, 0]
    assert (chosen != other).any()


def test_all_frames_of_a_short_clip_are_seen():
    config = tiny_config()
    reals = _clips(config.ladder[1])
    np.testing.assert_array_equal(Frames(config, 8)(reals, Lod(1), _noise()).clips, reals.clips)


@pytest.fixture(scope="module")
def settings():
    keras.utils.set_random_seed(0)
    return tiny_config()


def _critic(view, config, lod):
    D = Discriminator(view.ladder, config.network, "scalar", view.kernel)
    return D, view.critic(D, lod, group=2)


def test_the_score_is_the_mean_over_frames(settings):
    lod = Lod(1)
    D, critic = _critic(Frames(settings, 2), settings, lod)
    batch = Frames(settings, 2)(_clips(settings.ladder[1]), lod, _noise())
    seen = critic.encode(batch)
    assert seen.values.shape == (4, 2 * settings.network.latent_size)
    values = [D.encoder(batch.clips[:, f : f + 1], lod=lod, group=2) for f in range(2)]
    np.testing.assert_allclose(seen.values, np.concatenate(values, 1), atol=1e-6)
    np.testing.assert_allclose(
        critic.score(Seen(seen.values, batch.labels)),
        np.mean([D.head(value) for value in values], 0),
        atol=1e-6,
    )


@pytest.mark.parametrize("form", ["concat", "projection"])
def test_each_frame_has_the_label_of_its_clip(form):
    keras.utils.set_random_seed(0)
    classes = f"network.classes={('a', 'b', 'c', 'd')!r}"
    settings, lod = tiny_config(f"network.labels={form}", classes), Lod(1)
    D, critic = _critic(Frames(settings, 2), settings, lod)
    batch = Frames(settings, 2)(_clips(settings.ladder[1]), lod, _noise())
    expected = []
    for f in range(2):
        values = D.encoder(batch.clips[:, f : f + 1], batch.labels, lod=lod, group=2)
        expected.append(D.score(values, batch.labels))
    found = critic.score(critic.encode(batch))
    np.testing.assert_allclose(found, np.mean(expected, 0), atol=1e-6)
    other = critic.score(critic.encode(batch._replace(labels=batch.labels[::-1])))
    assert np.abs(found - other).min() > 0


@pytest.mark.parametrize("view", [Half, lambda settings: Frames(settings, 2)])
@pytest.mark.parametrize("level", [1, 2])
def test_fading_begins_where_the_rung_below_ended(settings, view, level):
    view, factors = view(settings), settings.ladder.factors(level)
    coarse = _clips(settings.ladder[level - 1])
    fine = coarse._replace(clips=upscale(coarse.clips, factors))
    D, before = _critic(view, settings, Lod(level - 1))
    after = view.critic(D, Lod(level, tf.constant(0.0)), group=2)
    scores = []
    for critic, clips, lod in ((before, coarse, level - 1), (after, fine, level)):
        every_frame = view(clips, Lod(lod), _noise()) if isinstance(view, Half) else clips
        scores.append(critic.score(critic.encode(every_frame)))
    np.testing.assert_allclose(*scores, atol=1e-5)


def test_critics_of_frames_have_flat_kernels():
    config = tiny_config("model=dual", "model.view=full")
    model = Dual(config)
    assert str(model.networks["D_clip"].encoder.ladder) == str(config.ladder)
    kernels = [v for v in model.networks["D_frames"].trainable_variables if v.name == "kernel"]
    assert {v.shape[0] for v in kernels if len(v.shape) == 5} == {1}
    assert set(model.tables()) == {
        "Generator (Table A.1)",
        *("Encoder of D_frames (Table A.2)", "D_frames"),
        *("Encoder of D_clip (Table A.2)", "D_clip"),
    }


def test_replicas_and_repetitions_train_alike(eager):
    config = tiny_config(
        *("model=dual", "model.frames=2", "schedule.growing=false"),
        *("growth.ladder=4x4x4 4x8x8", "growth.resolution=8", "growth.num_frames=4"),
        *("growth.feature_maps_max=2", "train.steps_per_call=1"),
    )
    weights = []
    for replicas in (1, 1, 2):
        trainer = trainer_for(config, replicas)
        train(trainer, Reals(config.ladder), until=4)
        weights.append(all_weights(trainer))
    for one, again, two in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, again)
        # A step is 4e-3; Adam makes a part of one of a gradient that is 0 but for rounding.
        np.testing.assert_allclose(one, two, atol=5e-4)
