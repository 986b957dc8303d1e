import numpy as np
import pytest

from growth.phase import phase_at
from tests.training.toys import Reals, tiny_config, trainer_for
from training.distance import measure_distance, real_clips
from training.snapshot import Snapshot


@pytest.mark.parametrize("nimg", [0, 48])
def test_fakes_of_an_untrained_generator_are_far_from_the_reals(nimg):
    config = tiny_config()
    phase = phase_at(nimg, config.schedule, config.ladder)
    snapshot = Snapshot(config, phase, trainer_for(config).networks.Gs)
    found = measure_distance(snapshot, Reals(config.ladder), num=32)
    assert found["swd"] > 1.5 * found["swd_floor"] > 0
    assert found["motion_reals"] > 30  # Noise: neighbouring frames have nothing in common.
    assert found == measure_distance(snapshot, Reals(config.ladder), num=32)


def test_reals_fade_like_those_of_the_critic():
    config = tiny_config()
    reals = Reals(config.ladder)
    begin, middle = (phase_at(n, config.schedule, config.ladder) for n in (32, 48))
    coarse, half = (real_clips(reals, phase, 0, 4) for phase in (begin, middle))
    np.testing.assert_array_equal(coarse[:, :, ::2, ::2], coarse[:, :, 1::2, 1::2])
    sharp = next(iter(reals.dataset(1, 0, 4))).numpy()
    np.testing.assert_allclose(half, (coarse + sharp) / 2, atol=1e-6)
