from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from growth.phase import phase_at
from sampling.snapshot import Snapshot
from scoring.distance import check_reals, measure_distance, real_batch
from support.errors import UserError
from tests.training.toys import Reals, tiny_config, trainer_for
from training.summaries import write_scalars


class Many(Reals):
    def __len__(self):
        return 256


@pytest.mark.parametrize("nimg", [0, 48])
def test_fakes_of_an_untrained_generator_are_far_from_the_reals(nimg):
    config = tiny_config()
    phase = phase_at(nimg, config.schedule, config.ladder)
    snapshot = Snapshot(config, phase, trainer_for(config).model.networks["Gs"])
    found = measure_distance(snapshot, Many(config.ladder), num=128)
    for kind in ("swd", "swd_spatial", "swd_temporal"):
        assert found[kind] > 1.5 * found[f"{kind}_floor"] > 0
    assert found["motion_reals"] > 30  # Noise: neighbouring frames have nothing in common.
    assert found["distance_clips"] == 128
    assert found == measure_distance(snapshot, Many(config.ladder), num=128)


class Stills:
    """Stands for a snapshot whose clips are real frames that do not move."""

    def __init__(self, config, phase, reals):
        self.config, self.phase, self.reals, self.begin = config, phase, reals, 1000

    def sample(self, latents, minibatch, labels=None, past=None):
        clips = real_batch(self.reals, self.phase, self.begin, len(latents)).clips
        self.begin += len(latents)
        return np.repeat(clips[:, :1], clips.shape[1], axis=1)


def test_fakes_continue_the_past_of_other_reals():
    config = tiny_config("prediction.past=4")
    phase, reals = phase_at(200, config.schedule, config.ladder), Many(config.ladder)
    first, second = (real_batch(reals, phase, begin, 16, 4).whole() for begin in (0, 16))

    class Continued(Stills):
        def sample(self, latents, minibatch, labels=None, past=None):
            np.testing.assert_array_equal(past, second[:, :4])
            return np.concatenate([past, second[:, 4:]], 1)

    found = measure_distance(Continued(config, phase, reals), reals, num=16)
    assert found["swd"] == found["swd_floor"] > 0
    assert (first != second).numpy().any()


def test_fakes_that_do_not_move_have_a_temporal_distance_alone():
    config = tiny_config()
    phase, reals = phase_at(200, config.schedule, config.ladder), Reals(config.ladder)
    counts = []
    found = measure_distance(Stills(config, phase, reals), reals, num=50, advance=counts.append)
    assert counts == [16, 16]  # Half of the reals.
    assert found["swd_spatial"] < 2 * found["swd_spatial_floor"]
    assert found["swd_temporal"] > 10 * found["swd_temporal_floor"]
    assert found["motion"] == 0


def test_all_is_shown_under_one_theme(tmp_path):
    config = tiny_config()
    phase, reals = phase_at(0, config.schedule, config.ladder), Reals(config.ladder)
    found = measure_distance(Stills(config, phase, reals), reals, num=4)
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        line = {"sec_per_kimg": 1.0, "rung": "4x4x4", "fading": False}
        write_scalars(found | line, {})
    tags = EventAccumulator(str(tmp_path)).Reload().Tags()["tensors"]
    measured = found.keys() - {"distance_clips"}
    assert sum(tag.startswith("distance/") for tag in tags) == len(measured)
    assert {tag for tag in tags if not tag.startswith("distance/")} == {
        *("speed/clips_per_sec", "speed/sec_per_kimg", "distance_over_floor/4x4x4")
    }


def test_reals_fade_like_those_of_the_critic():
    config = tiny_config()
    reals = Reals(config.ladder)
    begin, middle = (phase_at(n, config.schedule, config.ladder) for n in (32, 48))
    coarse, half = (real_batch(reals, phase, 0, 4).clips for phase in (begin, middle))
    np.testing.assert_array_equal(coarse[:, :, ::2, ::2], coarse[:, :, 1::2, 1::2])
    sharp = next(iter(reals.dataset(1, 0, 4))).clips.numpy()
    np.testing.assert_allclose(half, (coarse + sharp) / 2, atol=1e-6)


class Changed(Stills):
    """Stands for a snapshot whose clips are real clips, changed by a function."""

    def __init__(self, config, phase, reals, change):
        super().__init__(config, phase, reals)
        self.change = change

    def sample(self, latents, minibatch, labels=None, past=None):
        clips = real_batch(self.reals, self.phase, self.begin, len(latents)).clips
        self.begin += len(latents)
        return self.change(clips)


def test_fakes_are_measured_as_they_are_written():
    config = tiny_config()
    phase, reals = phase_at(200, config.schedule, config.ladder), Reals(config.ladder)

    def measured(change):
        return measure_distance(Changed(config, phase, reals, change), reals, num=16)

    beyond = measured(lambda clips: 1.5 * clips)
    assert beyond == measured(lambda clips: np.clip(1.5 * clips, -1, 1))
    assert beyond == measured(
        lambda clips: np.rint(np.clip(1.5 * clips, -1, 1) * 127.5 + 127.5) / 127.5 - 1
    )
    assert beyond["swd"] != measured(lambda clips: clips)["swd"]
    with pytest.raises(UserError, match="Cannot score snapshot .* it makes NaN or infinity"):
        measured(lambda clips: clips * np.nan)


class Same(Reals):
    def dataset(self, *arguments):
        return super().dataset(*arguments).map(lambda b: b._replace(clips=0 * b.clips))


def test_reals_that_have_no_distance_are_refused(capsys):
    config = tiny_config()
    reals = Reals(config.ladder)
    reals.records = SimpleNamespace(folder="data")
    check_reals(reals, 64)
    assert "Warning: The data set has 64 clips: a distance of 32 depends" in capsys.readouterr().out
    same = Same(config.ladder)
    same.records = reals.records
    with pytest.raises(UserError, match="to data: its first 16 clips are the same"):
        check_reals(same, 64)
    type(same).__len__ = lambda self: 1
    with pytest.raises(UserError, match="to data: it has 1 clip, and the floor needs two sets"):
        check_reals(same, 64)


class OneColour(Reals):
    def clip(self, shape, position):
        return tf.zeros(shape) + tf.random.stateless_uniform([], tf.stack([7, position]), -1, 1)


def test_clips_of_one_colour_are_warned_of(capsys):
    check_reals(OneColour(tiny_config().ladder), 64)
    assert "Warning: The first 16 clips of the data set are each of one colour" in (
        capsys.readouterr().out
    )
