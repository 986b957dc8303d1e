"""An exact sampler of the data, which no generator can beat, has a score as large as the floor."""

import numpy as np
import pytest

from scoring.feature_table import make_rows, store
from scoring.measures import DISTANCES, distances
from scoring.selection import real_features
from tests.scoring.toys import toy_protocol

CLASSES, SIZE, DRAWS = 30, 60, 60
MEANS = 3 * np.random.default_rng(0).standard_normal((CLASSES, 5))
SHARES = np.random.default_rng(1).dirichlet(np.full(CLASSES, 3))


class Drawn:
    """A set of clips whose values are drawn from the data's distribution: a class and noise."""

    def __init__(self, num, seed):
        random = np.random.default_rng(seed)
        self._labels = np.sort(random.choice(CLASSES, num, p=SHARES))
        self.values = MEANS[self._labels] + 0.3 * random.standard_normal((num, 5))

    def __len__(self):
        return len(self.values)

    def labels(self):
        return self._labels


class Values:
    """Stands for an extractor: a clip is known by its values."""

    def __init__(self, order):
        self.protocol = toy_protocol(order=order)

    def extract(self, clips, indices, control=None):
        values = clips.values[indices]
        rows = make_rows(values, np.ones((len(values), 1)), [""] * len(values))
        return store([rows], None)


@pytest.mark.parametrize("order", ["random", "stratified"])
@pytest.mark.parametrize("held_out", [True, False])
@pytest.mark.parametrize("num_reals", [4 * SIZE, 2 * SIZE, SIZE + SIZE // 2])
def test_the_score_of_an_exact_sampler_is_within_the_spread_of_the_floor(
    order, held_out, num_reals
):
    extractor, scores, floors = Values(order), [], []
    for seed in range(DRAWS):
        others = Drawn(num_reals, (seed, 1)) if held_out else None
        real = real_features(extractor, Drawn(num_reals, (seed, 0)), SIZE, seed, others)
        first, second = real.floor
        sampled = extractor.extract(Drawn(len(first), (seed, 2)), np.arange(len(first)))
        scores.append(list(distances(DISTANCES, first, sampled).values()))
        floors.append(list(distances(DISTANCES, first, second).values()))
    scores, floors = np.array(scores), np.array(floors)
    error = np.sqrt((scores.var(0) + floors.var(0)) / DRAWS)
    assert (np.abs(scores.mean(0) - floors.mean(0)) < 3 * error).all()
    within = np.abs(scores - floors.mean(0)) < 2 * floors.std(0)
    assert (within.mean(0) > 0.85).all()
    if order == "random":  # The kernel distance of two draws has no bias.
        assert abs(floors[:, 1].mean()) < 3 * floors[:, 1].std() / np.sqrt(DRAWS)
