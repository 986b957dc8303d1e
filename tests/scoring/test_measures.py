"""Scores by an independent computation, which is what was computed before metrics streamed."""

import numpy as np
import pytest

from metrics.kernel_distance import KernelDistance
from scoring import measures
from scoring.feature_table import make_rows, store
from scoring.measures import DISTANCES, distances, inception_score
from tests.scoring.toys import frechet, kernel


def features(num, size=12, seed=0):
    random = np.random.default_rng(seed)
    values = random.standard_normal((num, size)) @ random.standard_normal((size, size)) + 1
    p = np.exp(random.standard_normal((num, 5)))
    rows = make_rows(values, p / p.sum(1, keepdims=True), [f"{i:064x}" for i in range(num)])
    return store(np.split(rows, [num // 2]), None)


# Fewer, as many, and more clips than values; more than one block.
@pytest.mark.parametrize(("n", "m"), [(5, 9), (12, 12), (13, 12), (40, 7), (1500, 300)])
def test_distances_equal_an_independent_computation(n, m):
    reals, fakes = features(n, seed=1), features(m, seed=2)
    found = distances(DISTANCES, reals, fakes)
    assert found["frechet_distance"] == pytest.approx(frechet(reals.values, fakes.values), rel=1e-6)
    assert found["kernel_distance"] == pytest.approx(kernel(reals.values, fakes.values), rel=1e-6)
    assert list(distances(["kernel_distance", "other"], reals, fakes)) == ["kernel_distance"]


@pytest.mark.parametrize("splits", [1, 4])
def test_the_inception_score_equals_an_independent_computation(splits):
    seen = features(600, seed=3)
    scores = []
    for p in np.split(seen.probabilities.astype(np.float64), splits):
        ratio = np.log(p + 1e-7) - np.log(p.mean(0) + 1e-7)
        scores.append(np.exp((p * ratio).sum(1).mean()))
    found = inception_score(seen, splits, 1e-7)
    assert found["mean"] == pytest.approx(np.mean(scores), rel=1e-6)
    assert found["std"] == pytest.approx(np.std(scores), rel=1e-6)
    parts = np.split(seen.probabilities.astype(np.float64), splits)
    of_classes = np.mean([-(p.mean(0) * np.log(p.mean(0))).sum() for p in parts])
    of_clips = np.mean([-(p * np.log(p)).sum(1).mean() for p in parts])
    assert found["class_entropy"] == pytest.approx(of_classes, abs=1e-5)
    assert found["clip_entropy"] == pytest.approx(of_clips, abs=1e-5)


def test_features_come_in_blocks(monkeypatch):
    """Nothing holds all features but the state of a metric that needs them."""
    sizes = []

    class Probe(KernelDistance):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            for part in (self.reals, self.fakes):
                update = part.update_state
                part.update_state = lambda x, update=update: [sizes.append(len(x)), update(x)]

    monkeypatch.setitem(measures.DISTANCES, "kernel_distance", Probe)
    distances(["kernel_distance"], features(2500), features(1100))
    assert sizes == [1024, 1024, 452, 1024, 76]
