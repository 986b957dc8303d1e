import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from growth.phase import phase_at
from sampling.snapshot import Snapshot
from scoring.distance import measure_distance, real_clips
from tests.training.toys import Reals, tiny_config, trainer_for
from training.summaries import write_scalars


@pytest.mark.parametrize("nimg", [0, 48])
def test_fakes_of_an_untrained_generator_are_far_from_the_reals(nimg):
    config = tiny_config()
    phase = phase_at(nimg, config.schedule, config.ladder)
    snapshot = Snapshot(config, phase, trainer_for(config).model.networks["Gs"])
    found = measure_distance(snapshot, Reals(config.ladder), num=32)
    for kind in ("swd", "swd_spatial", "swd_temporal"):
        assert found[kind] > 1.5 * found[f"{kind}_floor"] > 0
    assert found["motion_reals"] > 30  # Noise: neighbouring frames have nothing in common.
    assert found == measure_distance(snapshot, Reals(config.ladder), num=32)


class Stills:
    """Stands for a snapshot whose clips are real frames that do not move."""

    def __init__(self, config, phase, reals):
        self.config, self.phase, self.reals, self.begin = config, phase, reals, 1000

    def sample(self, latents, minibatch):
        clips = real_clips(self.reals, self.phase, self.begin, len(latents))
        self.begin += len(latents)
        return np.repeat(clips[:, :1], clips.shape[1], axis=1)


def test_fakes_that_do_not_move_have_a_temporal_distance_alone():
    config = tiny_config()
    phase, reals = phase_at(200, config.schedule, config.ladder), Reals(config.ladder)
    found = measure_distance(Stills(config, phase, reals), reals, num=32)
    assert found["swd_spatial"] < 2 * found["swd_spatial_floor"]
    assert found["swd_temporal"] > 10 * found["swd_temporal_floor"]
    assert found["motion"] == 0


def test_all_is_shown_under_one_theme(tmp_path):
    config = tiny_config()
    phase, reals = phase_at(0, config.schedule, config.ladder), Reals(config.ladder)
    found = measure_distance(Stills(config, phase, reals), reals, num=4)
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        write_scalars({**found, "sec_per_kimg": 1.0})
    tags = EventAccumulator(str(tmp_path)).Reload().Tags()["tensors"]
    assert sum(tag.startswith("distance/") for tag in tags) == len(found) == len(tags) - 2


def test_reals_fade_like_those_of_the_critic():
    config = tiny_config()
    reals = Reals(config.ladder)
    begin, middle = (phase_at(n, config.schedule, config.ladder) for n in (32, 48))
    coarse, half = (real_clips(reals, phase, 0, 4) for phase in (begin, middle))
    np.testing.assert_array_equal(coarse[:, :, ::2, ::2], coarse[:, :, 1::2, 1::2])
    sharp = next(iter(reals.dataset(1, 0, 4))).clips.numpy()
    np.testing.assert_allclose(half, (coarse + sharp) / 2, atol=1e-6)
