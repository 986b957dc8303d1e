import math

import numpy as np
import pytest

from losses.relativistic import Relativistic
from tests.losses.toys import LinearCritic, clips, scores_of

PLAIN = Relativistic(r1_gamma=0.0, r2_gamma=0.0)


def test_equal_scores_cost_log_2():
    terms, watched, _ = PLAIN.discriminator_loss(*scores_of([3.0], [3.0]), noise=None)
    assert (*terms, *watched) == Relativistic.critic_terms
    np.testing.assert_allclose(terms["critic"], math.log(2), rtol=1e-6)
    generator, *_ = PLAIN.generator_loss(*scores_of([3.0], [3.0]))
    assert tuple(generator) == Relativistic.generator_terms
    np.testing.assert_allclose(generator["generator"], math.log(2), rtol=1e-6)


def test_only_differences_of_pairs_count():
    pairs = ([1.0, 2.0], [0.0, 4.0]), ([11.0, -8.0], [10.0, -6.0])
    terms = [PLAIN.discriminator_loss(*scores_of(*pair), noise=None)[0] for pair in pairs]
    np.testing.assert_allclose(terms[0]["critic"], terms[1]["critic"], rtol=1e-5)
    np.testing.assert_allclose(terms[0]["critic"], np.log1p(np.exp([-1.0, 2.0])), rtol=1e-5)
    generator, *_ = PLAIN.generator_loss(*scores_of(*pairs[0]))
    np.testing.assert_allclose(generator["generator"], np.log1p(np.exp([1.0, -2.0])), rtol=1e-5)


def test_both_penalties_are_on_by_default():
    random = np.random.default_rng(0)
    critic, reals, fakes = LinearCritic(random, 12, 4), clips(random), clips(random)
    terms, *_ = Relativistic().discriminator_loss(critic.as_tensors(), reals, fakes, noise=None)
    slopes = [critic.slope_of_head(critic.encode_of(x)) @ critic.A.T for x in (reals, fakes)]
    expected = 5 * sum(np.sum(slope**2, -1) for slope in slopes)
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-4)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="`loss.r1_gamma` should be at least 0"):
        Relativistic(r1_gamma=-1.0)
