"""The measures of a score, by name, taken of features with the Keras metrics of `metrics`."""

from collections.abc import Callable, Iterable

from metrics.frechet_distance import FrechetDistance
from metrics.inception_score import InceptionScore
from metrics.kernel_distance import KernelDistance
from metrics.mergeable import DistanceMetric
from scoring.feature_table import Features

# Makes the metric of each distance, for (values per clip, maximum number of clips).
DISTANCES: dict[str, Callable[[int, int], DistanceMetric]] = {
    "frechet_distance": FrechetDistance,
    "kernel_distance": KernelDistance,
}


def distances(names: Iterable[str], reals: Features, fakes: Features) -> dict[str, float]:
    """Those of `names` that are in `DISTANCES`, between two sets of at least two clips each."""
    return {
        name: _distance(make, reals, fakes) for name, make in DISTANCES.items() if name in names
    }


def inception_score(features: Features, splits: int, epsilon: float) -> dict[str, float]:
    """The result of `InceptionScore`."""
    metric = InceptionScore(features.num_classes, len(features), splits, epsilon)
    for block in features.blocks():
        metric.update_state(block.probabilities)
    return metric.result()


def _distance(make, reals, fakes):
    metric = make(reals.num_values, max(len(reals), len(fakes)))
    for block in reals.blocks():
        metric.reals.update_state(block.values)
    for block in fakes.blocks():
        metric.fakes.update_state(block.values)
    return metric.result()
