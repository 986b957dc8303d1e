import json

import numpy as np
import pytest

from metrics.frechet_distance import frechet_distance
from metrics.inception_score import InceptionScore, balanced_score
from scoring.score import real_order, score
from support.errors import UserError
from tests.scoring.toys import CLASSES, Clips, toy_extractor


def values_of(clips, indices):
    return toy_extractor().extract(clips, indices)


def test_distances_are_of_the_sets_that_they_say():
    reals, fakes = Clips(40), Clips(12, seed=1, kind="array", offset=20)
    found = score(toy_extractor(order="random"), reals, fakes, seed=3)
    order = real_order(reals, "random", 3)
    reference, made = values_of(reals, order[:12]).values, values_of(fakes, range(12)).values
    entry = found["measures"]["frechet_distance"]
    assert entry["value"] == pytest.approx(frechet_distance(reference, made))
    others = values_of(reals, order[12:24]).values
    assert entry["floor"] == pytest.approx(frechet_distance(reference, others))
    assert entry["at_floor_clips"] == entry["value"]
    assert (entry["clips"], entry["floor_clips"], entry["subset_clips"]) == (12, 12, 3)
    parts = [frechet_distance(reference[i : i + 3], made[i : i + 3]) for i in (0, 3, 6, 9)]
    assert entry["spread"] == pytest.approx(np.std(parts))
    assert entry["value"] > entry["floor"]


def test_with_few_reals_the_floor_has_half_of_them():
    reals, fakes = Clips(14), Clips(12, seed=1)
    entry = score(toy_extractor(order="random"), reals, fakes)["measures"]["frechet_distance"]
    order = real_order(reals, "random", 0)
    assert entry["floor_clips"] == 7
    halves = values_of(reals, order[:7]).values, values_of(reals, order[7:]).values
    assert entry["floor"] == pytest.approx(frechet_distance(*halves))
    some = values_of(fakes, range(7)).values
    assert entry["at_floor_clips"] == pytest.approx(frechet_distance(halves[0], some))


def test_held_out_clips_make_the_floor():
    reals, held_out = Clips(14), Clips(9, seed=5)
    extractor = toy_extractor(order="random")
    found = score(extractor, reals, Clips(12, seed=1), held_out=held_out)
    first = values_of(reals, real_order(reals, "random", 0)[:9]).values
    second = values_of(held_out, real_order(held_out, "random", 0)).values
    entry = found["measures"]["frechet_distance"]
    assert entry["floor"] == pytest.approx(frechet_distance(first, second))
    assert found["held_out"]["sha256"] == "5"


def test_the_inception_score_is_over_all_repeats():
    reals, fakes = Clips(40), Clips(100, seed=1)
    found = score(toy_extractor(repeats=3), reals, fakes)
    metric = InceptionScore(CLASSES, 36, splits=6, epsilon=1e-7)
    metric.update_state(values_of(fakes, range(36)).probabilities)
    entry = found["measures"]["inception_score"]
    assert (entry["value"], entry["spread"]) == pytest.approx(tuple(metric.result().values()))
    assert (entry["clips"], entry["classes"]) == (36, CLASSES)
    assert entry["perfect"] < entry["most"] == pytest.approx(balanced_score(CLASSES, 6))
    assert found["measures"]["frechet_distance"]["clips"] == 12


def test_controls_stand_beside_the_reals_that_they_change():
    reals = Clips(40)
    found = score(toy_extractor(), reals, Clips(12, seed=1), controls=("noise", "frozen"))
    controls = found["controls"]
    assert list(controls) == ["unchanged", "noise", "frozen"]
    floor = found["measures"]["frechet_distance"]["floor"]
    assert controls["unchanged"]["frechet_distance"] == floor
    assert controls["frozen"]["frechet_distance"] > floor


def test_a_record_tells_what_the_score_depends_on():
    found = score(toy_extractor(), Clips(40), Clips(12, seed=1), num=8, seed=2)
    json.dumps(found)
    assert found["protocol"]["name"] == "thesis"
    assert found["network"]["sha256"] == "0"
    assert found["frames"] == "frames 0 to 7 of 8, repeated evenly to 16"
    assert (found["seed"], found["fakes"]["scored"], found["reals"]["scored"]) == (2, 8, 8)
    assert {"python", "tensorflow", "keras", "numpy"} <= found["versions"].keys()
    again = score(toy_extractor(), Clips(40), Clips(12, seed=1), num=8, seed=2)
    assert again == found


@pytest.mark.parametrize("sizes", [(3, 12), (40, 3), (40, 0)])
def test_too_few_clips(sizes):
    with pytest.raises(UserError, match="at least 4 clips of each kind. Received"):
        score(toy_extractor(), *map(Clips, sizes))


def test_orders():
    labels = [0] * 8 + [1] * 2 + [2] * 4
    reals = Clips(14, labels)
    balanced = real_order(reals, "balanced", 0)
    assert sorted(balanced) == list(range(14))
    taken = np.array(labels)[balanced]
    assert sorted(taken[:3]) == [0, 1, 2]
    assert sorted(taken[:6]) == [0, 0, 1, 1, 2, 2]
    assert set(taken[10:]) == {0}
    assert (real_order(reals, "balanced", 1) != balanced).any()
    assert (real_order(reals, "balanced", 0) == balanced).all()
    reals = Clips(14, labels[::-1])
    assert real_order(reals, "sorted", 0).tolist() == [*range(6, 14), 4, 5, 0, 1, 2, 3]
    assert (real_order(reals, "random", 0) != np.arange(14)).any()
